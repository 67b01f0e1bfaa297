"""Maps, charts and ranges of the page: what they show, and that they show it truly."""

import csv
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from portal_examples import make_example
from privacy_examples import example_plan
from release_examples import fill_cells, publish

from portal.changed import list_changes, list_latest
from portal.page.boundaries import LEVELS, read_outlines
from portal.page.changing import FEW, MOST, describe_changes_of_page
from portal.page.charts import GroupView, list_groups, round_up
from portal.page.figures import Headline, list_headlines, list_unreported
from portal.page.maps import find_steps, list_maps
from portal.page.rows import describe_table, draw_range
from portal.ranges import find_first, find_range, find_shown
from privacy.released import ESTIMATED, NOT_DISTINGUISHABLE, NOT_RELEASED, HistoryPoint, Release

KEYS = Path(__file__).resolve().parents[3] / "missouri" / "lists"


@pytest.mark.parametrize("level", LEVELS)
def test_every_place_of_a_level_in_the_state_is_on_the_map(level: str) -> None:
    with (KEYS / f"{level}.csv").open(encoding="utf-8", newline="") as file:
        keys = {line["key"] for line in csv.DictReader(file)}
    assert set(read_outlines(level)) == keys - {"Outside Missouri", "Unknown"}


def measure_area(path: str) -> float:
    area = 0.0
    for ring in re.findall(r"M(\d+) (\d+)l([^z]+)z", path):
        x, y = int(ring[0]), int(ring[1])
        points = [(x, y)]
        steps = [int(number) for number in re.findall(r"-?\d+", ring[2])]
        for dx, dy in zip(steps[::2], steps[1::2], strict=True):
            x, y = x + dx, y + dy
            points.append((x, y))
        following = [*points[1:], points[0]]
        area += sum(a * d - b * c for (a, b), (c, d) in zip(points, following, strict=True)) / 2
    return abs(area)


@pytest.mark.parametrize("level", ["circuit", "region", "troop"])
def test_counties_and_what_they_make_together_cover_the_same_ground(level: str) -> None:
    counties = sum(measure_area(one.path) for one in read_outlines("county").values())
    joined = sum(measure_area(one.path) for one in read_outlines(level).values())
    assert joined == pytest.approx(counties, rel=1e-3)


def test_the_two_places_called_st_louis_are_apart() -> None:
    county, city = (read_outlines("county")[key] for key in ("St. Louis County", "St. Louis city"))
    assert county.area > 3 * city.area
    assert city.middle[0] > county.middle[0]


def test_a_place_that_cannot_be_told_from_zero_is_pale_and_says_its_range() -> None:
    release = make_example()
    (view,) = [one for one in list_maps(release) if one.table == "children_by_region"]
    (table,) = [one for one in release.tables if one.name == "children_by_region"]
    order = list(read_outlines("region"))
    rows = {row.geography: row for row in table.rows}
    for place in view.places:
        row = rows[order[place.outline]]
        assert (place.shade == 0) == (row.status == NOT_DISTINGUISHABLE)
        first = find_first(row)
        assert first is not None
        assert place.label == (
            f"0–{first.high90}" if place.shade == 0 else f"{round(first.number)}"
        )
    assert len(view.elsewhere) == 2
    assert view.elsewhere[0].startswith("Outside Missouri: ")


def test_more_is_never_drawn_paler_and_stands_in_the_legend_of_its_shade() -> None:
    for view in list_maps(make_example()):
        shaded = sorted(
            (int(place.label.replace(",", "")), place.shade) for place in view.places if place.shade
        )
        assert [shade for _, shade in shaded] == sorted(shade for _, shade in shaded)
        words = dict(view.legend)
        for number, shade in shaded:
            ends = [int(end) for end in words[shade].split(" to ")]
            assert ends[0] <= number <= ends[-1]


def test_only_the_city_of_st_louis_has_its_number_beside_it() -> None:
    beside = {
        list(read_outlines(view.level))[place.outline]
        for view in list_maps(make_example())
        for place in view.places
        if place.is_beside
    }
    assert beside <= {"St. Louis city", "22"}
    assert beside


@pytest.mark.parametrize(
    ("largest", "steps"), [(1, (1,)), (3, (1, 2, 3)), (100, (25, 50, 75, 100)), (7, (2, 4, 6, 7))]
)
def test_shades_are_equal_steps_up_to_the_largest_number(
    largest: int, steps: tuple[int, ...]
) -> None:
    assert find_steps(largest) == steps


def test_a_place_without_a_number_says_why() -> None:
    example = make_example()
    (table,) = [one for one in example.tables if one.name == "children_by_region"]
    blank = {"estimate": None, "moe90": None, "count": None, "modelled": None}
    rows = tuple(replace(row, **blank, status=NOT_RELEASED) for row in table.rows)
    (view,) = list_maps(replace(example, tables=(replace(table, rows=rows),)))
    assert view.elsewhere[0] == "Outside Missouri: not released"
    assert {place.label for place in view.places} == {""}


def test_a_row_without_a_model_says_so_in_a_table_that_has_one() -> None:
    example = make_example()
    (table,) = [one for one in example.tables if one.name == "children_in_year_by_county"]
    rows = (replace(table.rows[0], modelled=None), *table.rows[1:])
    view = describe_table(example, replace(table, rows=rows))
    assert view.rows[0].extra == "no model"
    assert view.rows[1].extra == f"{rows[1].modelled:.1f}; {rows[1].count}"


def test_a_table_with_many_kinds_of_rows_has_no_map() -> None:
    release = make_example()
    (table,) = [one for one in release.tables if one.name == "incidents_by_troop"]
    rows = tuple(replace(row, labels=(str(place),)) for place, row in enumerate(table.rows))
    assert list_maps(replace(release, tables=(replace(table, rows=rows),))) == ()


def list_all(release: Release) -> tuple[tuple[GroupView, ...], tuple[Headline, ...]]:
    latest = list_latest(release, list_changes(release))
    return list_groups(release, latest), list_headlines(release, latest)


def test_a_chart_shows_every_quarter_with_its_band_around_its_line() -> None:
    groups, _ = list_all(make_example("2025Q2", 5))
    for chart in (chart for group in groups for chart in group.charts):
        assert chart.periods[1] == "2025Q2"
        assert len(chart.points) == 6
        band = [float(number) for number in re.findall(r"[\d.]+", chart.band)]
        heights = band[1::2]
        upper, lower = heights[:6], heights[6:][::-1]
        for point, high, low in zip(chart.points, upper, lower, strict=True):
            assert high <= point.y <= low
        assert len(re.findall(r"[\d.]+", chart.smoothed)) == 12
        assert "by noise alone" in chart.change


def test_places_are_drawn_side_by_side_to_one_scale_and_stand_in_a_table_too() -> None:
    groups, _ = list_all(make_example("2025Q2", 5))
    places = next(group for group in groups if group.anchor == "places-children_by_region")
    assert len({chart.ticks for chart in places.charts}) == 1
    assert [row.label for row in places.published] == [chart.title for chart in places.charts]
    assert {len(row.cells) for row in (*places.published, *places.smoothed)} == {6}
    assert places.published[0].term.startswith("children_by_region:")
    assert "when new" in places.smoothed[0].cells[3]
    assert "when new" not in places.smoothed[0].cells[5]


def test_a_quarter_that_was_passed_over_is_a_gap_in_the_table() -> None:
    quarters = [publish_nineties(f"2025Q{number}") for number in (1, 2)]
    groups, headlines = list_all(publish_nineties("2025Q4", quarters))
    assert groups[0].periods == ("2025Q1", "2025Q2", "2025Q4")
    assert headlines[0].figures[0].trend.startswith("In 2025Q2: about 90. No sign of a change")


def test_a_first_release_has_no_chart_and_no_trend() -> None:
    groups, headlines = list_all(make_example("2025Q1", 0))
    assert groups == ()
    assert all(not figure.trend for one in headlines for figure in one.figures)


def test_the_page_shows_the_surest_changes_and_folds_the_others_away() -> None:
    release = make_example("2025Q2", 5)
    changes = list_changes(release)
    view = describe_changes_of_page(release, changes)
    assert len(view.first) == FEW
    assert len(view.first) + len(view.others) == min(MOST, len(changes.changes))
    assert (view.looks, view.held) == (len(changes.changes), changes.held)
    assert all(one.link.startswith("#compare=") for one in (*view.first, *view.others))


@pytest.mark.parametrize(
    ("number", "top"), [(0, 2), (2, 2), (3, 4), (57, 60), (61, 100), (101, 200)]
)
def test_a_scale_ends_at_a_round_number(number: int, top: int) -> None:
    assert round_up(number) == top


def point(estimate: float, status: str = ESTIMATED) -> HistoryPoint:
    return HistoryPoint(
        "reports", "2024Q4", "Missouri", (), max(0, round(estimate)), estimate, 12.0, status, 7.3
    )


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (point(24.0), "In 2024Q4: about 24. No sign of a change (by noise alone 98 %, with chance"),
        (point(124.0), "In 2024Q4: about 124. Very probably a real change (by noise alone under"),
        (
            point(-24.0, NOT_DISTINGUISHABLE),
            "In 2024Q4: not distinguishable from zero. Very probably a real change (by noise",
        ),
    ],
)
def test_a_headline_says_how_it_moved_and_whether_noise_and_chance_explain_it(
    release: Release, before: HistoryPoint, words: str
) -> None:
    _, headlines = list_all(replace(release, history=(before,)))
    (figure,) = [one for one in headlines[0].figures if one.unit == "reports"]
    assert figure.trend.replace("\N{NO-BREAK SPACE}", " ").startswith(words)
    assert figure.link == "#compare=reports:Missouri@2025Q1;reports:Missouri@2024Q4"


def find_years(release: Release) -> dict[str, str]:
    return {
        figure.unit: figure.also
        for one in list_all(release)[1]
        for figure in one.figures
        if figure.also
    }


def test_the_headlines_tell_the_last_four_quarters_too() -> None:
    quarters = [publish_nineties(f"2025Q{number}") for number in (2, 3, 4)]
    told = find_years(publish_nineties("2026Q1", quarters))
    assert set(told) == {
        "arrests",
        "cases",
        "children",
        "incidents: broad",
        "incidents: strict",
        "reports",
    }
    assert told["reports"] == "2025Q2 to 2026Q1 together: about 360, likely 327 to 393."


def test_the_headlines_tell_a_year_that_rests_on_its_quarters_by_its_own_number() -> None:
    quarters = [publish_nineties(f"2025Q{number}") for number in (1, 2, 3)]
    release = publish_nineties("2025Q4", quarters)
    (row,) = next(
        table.rows for table in release.tables if table.name == "children_reported_in_year"
    )
    children = list_all(release)[1][0].figures[1]
    assert children.also.startswith(f"In all of 2025: about {row.count}, likely ")


def test_a_first_release_tells_no_year() -> None:
    assert find_years(publish_nineties("2025Q4")) == {}


def publish_nineties(quarter: str, earlier: Sequence[Release] = ()) -> Release:
    plan = example_plan(quarter)
    return publish(plan, fill_cells(plan, 90), earlier=earlier)


def test_a_trend_without_a_number_is_not_told(release: Release) -> None:
    silent = replace(point(0.0), estimate=None, deviation=None)
    _, headlines = list_all(replace(release, history=(silent,)))
    assert headlines[0].figures[0].trend == ""


def test_children_between_the_agencies_stand_in_front() -> None:
    figures = list_unreported(make_example(), {})
    assert [figure.unit for figure in figures] == [
        "children and victim records: police only",
        "victim records: no report found",
    ]


def test_a_range_is_drawn_in_proportion_and_marked_only_where_there_is_a_number() -> None:
    assert draw_range((25, 75), 50, 100, ESTIMATED) == "M50 4h100M100 0v9"
    assert draw_range((0, 75), 0, 100, NOT_DISTINGUISHABLE) == "M0 4h150"
    assert draw_range((0, 0), 0, 0, NOT_DISTINGUISHABLE) == "M0 4h1"


def test_a_very_long_table_is_left_to_its_files(release: Release) -> None:
    table = release.tables[1]
    rows = table.rows * 101
    long = replace(table, rows=rows, positions=table.positions * 101)
    view = describe_table(release, long)
    assert view.is_long
    assert not view.is_shown


def test_a_sum_over_quarters_is_shown_by_its_estimate(release: Release) -> None:
    row = replace(release.tables[0].rows[0], count=None)
    assert find_shown(row) == 24
    assert find_range(row) == (12, 36)
