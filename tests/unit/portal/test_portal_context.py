"""Events and figures beside the counts: marks at their time, never mixed with what is released."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from portal_examples import make_example
from privacy_examples import example_plan
from release_examples import fill_cells, publish

from jurisdiction.context import Context, Event, Point, Series
from portal import changed
from portal.changed import AROUND, Changes, list_changes, list_latest, split_moments
from portal.changes import describe_changes
from portal.page import charts
from portal.page import context as page_context
from portal.page.charts import LEFT, RIGHT, GroupView, list_groups
from portal.page.context import ContextView, describe_context, say_date
from portal.page.description import describe_page
from portal.page.rendering import render_page
from portal.series import Moment, find_days, list_series
from privacy.released import Release


def event(date: str, title: str = "Something happens") -> Event:
    return Event(date=date, title=title, words="In words.", source="A newspaper")


def place(monkeypatch: pytest.MonkeyPatch, *events: Event, series: Sequence[Series] = ()) -> None:
    told = Context(events=events, series=tuple(series))
    for module in (changed, charts, page_context):
        monkeypatch.setattr(module, "read_context", lambda: told)


def describe(release: Release) -> tuple[Changes, tuple[GroupView, ...], ContextView]:
    changes = list_changes(release)
    groups = list_groups(release, list_latest(release, changes))
    return changes, groups, describe_context(release, changes, groups)


@pytest.fixture(scope="module")
def example() -> Release:
    """2024Q1 to 2025Q2."""
    return make_example("2025Q2", 5)


def list_marks(groups: Sequence[GroupView]) -> Iterator[tuple[int, float]]:
    for chart in groups[0].charts:
        yield from ((mark.number, mark.x) for mark in chart.marks)


def test_a_mark_stands_between_the_quarters_around_its_day(
    example: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(monkeypatch, event("2024-02-15"), event("2024-07-01"), event("2025-06"))
    marks = dict(list_marks(describe(example)[1]))
    step = (RIGHT - LEFT) / 5
    assert marks[1] == pytest.approx(LEFT, abs=1)
    assert marks[2] == pytest.approx(LEFT + 1.5 * step, abs=1)
    assert marks[3] == RIGHT


def test_an_event_outside_the_time_of_a_drawing_has_no_mark_and_is_told_apart(
    example: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(monkeypatch, event("2018-08-28"), event("2024-10"), event("2025-07-01"))
    _, groups, told = describe(example)
    assert {number for number, _ in list_marks(groups)} == {2}
    assert [one.number for one in told.marked] == [2]
    assert [one.number for one in told.others] == [1, 3]


def test_numbers_of_marks_on_neighbouring_days_do_not_cover_each_other(
    example: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(monkeypatch, *(event(f"2024-08-{day}") for day in (27, 28, 29)))
    labels = [mark.label for mark in describe(example)[1][0].charts[0].marks]
    assert all(after - before >= charts.APART for before, after in pairwise(labels))


def test_the_quarter_of_an_event_is_on_neither_side_of_it() -> None:
    row = list_series(make_example("2025Q2", 5)).popitem()[1][0].row
    moments = tuple(Moment(f"2024Q{number}", row) for number in (1, 2, 3, 4))

    def split(date: str) -> tuple[list[str], list[str]]:
        now, before = split_moments(moments, event(date))
        return [one.period for one in before], [one.period for one in now]

    assert split("2024-08-28") == (["2024Q2"], ["2024Q4"])
    assert split("2024-07-01") == (["2024Q1", "2024Q2"], ["2024Q3", "2024Q4"])
    assert split("2024-07") == (["2024Q2"], ["2024Q4"])
    assert split("2024") == split("2023") == split("2024-01-01") == ([], [])


def test_numbers_before_and_after_an_event_are_looks_that_are_counted(
    example: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(monkeypatch)
    without = list_changes(example)
    place(monkeypatch, event("2024-08-28"), event("2024-09"))
    changes, _, told = describe(example)
    around = [one for one in changes.changes if one.comparison == AROUND]
    assert len(changes.changes) == len(without.changes) + len(around)
    assert {(one.before[0].period, one.now[-1].period) for one in around} == {("2024Q1", "2025Q1")}
    assert len(told.marked[0].changes) == len(told.marked[1].changes) > 3
    assert told.marked[0].changes[0].link.startswith("#compare=")
    assert "2024Q4 to 2025Q1" in describe_changes(
        replace(example, previous=publish_nineties("2025Q3", [publish_nineties("2025Q2")]).previous)
    )


def publish_nineties(quarter: str, earlier: Sequence[Release] = ()) -> Release:
    plan = example_plan(quarter)
    return publish(plan, fill_cells(plan, 90), earlier=earlier)


def test_an_event_between_two_quarters_is_no_second_look_at_the_same_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place(monkeypatch, event("2025-04-01"))
    release = publish_nineties("2025Q2", [publish_nineties("2025Q1")])
    changes, _, told = describe(release)
    assert all(one.comparison != AROUND for one in changes.changes)
    assert told.marked[0].changes


def test_a_mark_without_a_quarter_on_each_side_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    place(monkeypatch, event("2025-05"))
    release = publish_nineties("2025Q2", [publish_nineties("2025Q1")])
    page = render_page(describe_page(release)).decode()
    assert "no quarter of these drawings lies wholly before it" in page


def test_every_mark_has_its_words_where_the_drawing_says_they_are(
    example: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(monkeypatch, event("2024-08-28", "A law <begins>"), event("2024-11"))
    page = render_page(describe_page(example)).decode()
    described = re.findall(r'aria-describedby="(event[^"]*)"', page)
    assert set(described) == {"event-1 event-2"}
    assert (
        '<span id="event-1"><span class="hidden">Mark 1: </span>28 August 2024, <strong>A law'
        in page
    )
    assert "A law &lt;begins&gt;" in page
    assert "Source: A newspaper." in page


def test_a_first_release_tells_of_events_and_marks_none() -> None:
    page = render_page(describe_page(publish_nineties("2025Q1"))).decode()
    assert "Events outside the time of the drawings" in page
    assert 'class="mark"' not in page


def test_figures_of_others_stand_on_an_axis_of_their_own_and_in_words(
    example: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    dates = {"2019": 1000, "2020": 2500, "2022-04": 500}
    points = tuple(
        Point(date=date, number=number, source="A yearbook", to_confirm=number == 500)
        for date, number in dates.items()
    )
    place(
        monkeypatch,
        series=[Series(title="Signals", unit="signals", words="Of all ages.", points=points)],
    )
    (view,) = describe(example)[2].series
    assert [number for number, _ in view.ticks] == [0, 2000, 4000]
    assert re.findall("[ML]", view.line) == ["M", "L", "M"]
    assert view.told == "1,000 in 2019; 2,500 in 2020; 500 in April 2022"
    assert view.sources[2] == "April 2022: A yearbook (to confirm)"
    page = render_page(describe_page(example)).decode()
    assert "beside and never mixed with the counts of this release" in page


def test_nothing_of_the_context_is_in_the_data_of_a_release(example: Release) -> None:
    page = render_page(describe_page(example)).decode()
    payload = re.search(r'id="numbers">(.*?)</script>', page, re.DOTALL)
    assert payload is not None
    assert "900781" not in payload[1]
    assert "hotline and" not in payload[1]


@pytest.mark.parametrize(
    ("date", "words"),
    [("2018-08-28", "28 August 2018"), ("2025-09", "September 2025"), ("2019", "2019")],
)
def test_a_date_is_said_as_far_as_it_is_known(date: str, words: str) -> None:
    assert say_date(date) == words


def test_a_period_has_a_first_and_a_last_day() -> None:
    assert [str(day) for day in find_days("2024Q4")] == ["2024-10-01", "2024-12-31"]
    assert [str(day) for day in find_days("2024Q1")] == ["2024-01-01", "2024-03-31"]
    assert [str(day) for day in find_days("2024")] == ["2024-01-01", "2024-12-31"]
