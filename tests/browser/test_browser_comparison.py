"""The comparison of the page against noise that is drawn anew many thousands of times."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page
from portal_examples import draw_noise
from portal_specs import ANNUAL_FRAMES, QUARTERLY_FRAMES
from privacy_examples import example_plan
from release_examples import fill_cells, publish

from portal.chance import find_chance_probability, find_noise_probability
from portal.page.description import describe_page
from portal.page.rendering import render_page
from privacy.released import Release

FRAMES = {frame.name: frame for frame in (*QUARTERLY_FRAMES, *ANNUAL_FRAMES)}
DRAWS = 40_000
PAIRS = 50
TIE = 0.25
"""Differences this near are the same one: estimates are published in tenths."""

Term = dict[str, Any]


@pytest.fixture
def numbers(page: Page) -> dict[str, Any]:
    return json.loads(page.inner_text("#numbers"))


def list_terms(numbers: dict[str, Any]) -> dict[str, list[Term]]:
    """Every row that may be compared, by its unit."""
    terms: dict[str, list[Term]] = {}
    for place, table in enumerate(numbers["tables"]):
        if table["frame"] >= 0:
            terms.setdefault(table["unit"], []).extend(
                {"table": place, "row": row, "period": None} for row in range(len(table["rows"]))
            )
    return terms


def choose_side(terms: list[Term], random: np.random.Generator) -> list[Term]:
    size = int(random.choice([1, 1, 2, 3, 6]))
    chosen = random.choice(len(terms), size=min(size, len(terms)), replace=False)
    return [terms[place] for place in chosen]


def choose_pair(numbers: dict[str, Any], random: np.random.Generator) -> tuple[list[Term], ...]:
    by_unit = list_terms(numbers)
    terms = by_unit[str(random.choice(sorted(by_unit)))]
    first, second = choose_side(terms, random), choose_side(terms, random)
    if random.random() < 0.3:
        known = [term for term in terms if numbers["tables"][term["table"]]["earlier"]]
        if known:
            one = known[random.integers(len(known))]
            earlier = numbers["tables"][one["table"]]["earlier"]
            second = [{**one, "period": int(random.integers(len(earlier)))}]
    return first, second


def weigh(
    example: Release, numbers: dict[str, Any], first: list[Term], second: list[Term]
) -> dict[tuple[str, str], Any]:
    """How the difference depends on the noise of every measured cell, by frame and quarter."""
    weights: dict[tuple[str, str], Any] = {}
    for sign, terms in ((1, first), (-1, second)):
        for term in terms:
            table = example.tables[term["table"]]
            frame = FRAMES[str(table.frame)]
            level = [one.name for one in frame.levels].index(table.level)
            mark = frame.mark(level, table.positions[term["row"]])
            key = (frame.name, str(term["period"]))
            weights[key] = weights.get(key, 0) + sign * frame.solve(mark[None, :])[0]
    return weights


def simulate(weights: dict[tuple[str, str], Any], random: np.random.Generator) -> Any:
    return sum(
        draw_noise(FRAMES[name], random, DRAWS) @ weight for (name, _), weight in weights.items()
    )


def measure_rate(noise: Any, seen: float) -> float:
    """How often noise alone goes further than what was seen, either way; ties count half."""
    further = (noise > seen + TIE).mean() + (noise < -seen - TIE).mean()
    ties = (abs(noise - seen) <= TIE).mean() + (abs(noise + seen) <= TIE).mean()
    return float(further + ties / 2)


def test_the_stated_probability_is_that_of_drawing_the_noise_again(
    page: Page, example: Release, numbers: dict[str, Any]
) -> None:
    random = np.random.default_rng(20260101)
    checked, sums, earlier = 0, 0, 0
    while checked < PAIRS:
        first, second = choose_pair(numbers, random)
        answer = page.evaluate("([one, two]) => moshare.compare(one, two)", [first, second])
        if answer["refusal"] or answer["noise"] < 0.005:
            continue
        noise = simulate(weigh(example, numbers, first, second), random)
        rate = measure_rate(noise, abs(answer["difference"]))
        assert rate == pytest.approx(answer["noise"], abs=0.01), (first, second, answer)
        checked += 1
        sums += len(first) + len(second) > 2
        earlier += second[0]["period"] is not None
    assert sums > 10
    assert earlier > 3


def test_the_page_and_the_headlines_count_noise_and_chance_alike(
    page: Page, numbers: dict[str, Any]
) -> None:
    random = np.random.default_rng(11)
    checked = 0
    while checked < 30:
        first, second = choose_pair(numbers, random)
        answer = page.evaluate("([one, two]) => moshare.compare(one, two)", [first, second])
        if answer["refusal"]:
            continue
        variance = answer["deviation"] ** 2
        total = sum(side["estimate"] for side in answer["sides"])
        difference = answer["difference"]
        assert answer["noise"] == pytest.approx(
            find_noise_probability(difference, variance), rel=1e-4, abs=1e-9
        )
        assert answer["both"] == pytest.approx(
            find_chance_probability(difference, variance, total), rel=1e-4, abs=1e-9
        )
        checked += 1


def test_a_difference_far_beyond_the_noise_is_never_called_noise(
    page: Page, example: Release, numbers: dict[str, Any]
) -> None:
    names = [table["name"] for table in numbers["tables"]]
    first = [{"table": names.index("children_in_year_by_region"), "row": 0, "period": None}]
    rows = example.tables[names.index("children_in_year_by_region")].rows
    largest = max(range(len(rows)), key=lambda row: rows[row].estimate or 0)
    answer = page.evaluate(
        "([one, two]) => moshare.compare(one, two)", [[{**first[0], "row": largest}], first]
    )
    assert answer["noise"] < 0.001
    assert answer["noise"] <= answer["both"] < 0.01


def test_a_year_is_not_compared_with_quarters_that_it_rests_on(
    context: BrowserContext, tmp_path: Path
) -> None:
    quarters = [example_plan(f"2025Q{number}") for number in (1, 2, 3)]
    earlier = [publish(plan, fill_cells(plan, 9)) for plan in quarters]
    plan = example_plan("2025Q4")
    drawn = publish(plan, fill_cells(plan, 9), earlier=earlier)
    release = replace(drawn, drawn_at="2025-01-15T11:00:00Z")
    (tmp_path / "index.html").write_bytes(render_page(describe_page(release)))
    page = context.new_page()
    page.goto((tmp_path / "index.html").as_uri())
    tables = [table["name"] for table in json.loads(page.inner_text("#numbers"))["tables"]]

    def compare(one: str, two: str, period: int | None = None) -> dict[str, Any]:
        sides = [
            [{"table": tables.index(name), "row": 0, "period": when}]
            for name, when in ((one, None), (two, period))
        ]
        return page.evaluate("([one, two]) => moshare.compare(one, two)", sides)

    refused = compare("children_reported_in_year", "children_by_region")
    assert "rest on what its quarters measured" in refused["refusal"]
    refused = compare("children_reported_in_year", "children_reported", 0)
    assert "rest on what its quarters measured" in refused["refusal"]
    assert compare("children_reported_in_year", "children_in_year_by_region")["refusal"] == ""
    assert compare("children_reported", "children_by_region")["refusal"] == ""


@pytest.fixture
def annual_page(context: BrowserContext, tmp_path: Path) -> tuple[Page, Release]:
    """A fourth quarter of the reviewed policy, whose frames share totals, and its page."""
    plan = example_plan("2024Q4")
    release = replace(publish(plan, fill_cells(plan, 30)), drawn_at="2025-01-15T11:00:00Z")
    (tmp_path / "index.html").write_bytes(render_page(describe_page(release)))
    page = context.new_page()
    page.goto((tmp_path / "index.html").as_uri())
    return page, release


def find_terms(release: Release, name: str, *rows: int) -> list[Term]:
    place = [table.name for table in release.tables].index(name)
    return [{"table": place, "row": row, "period": None} for row in rows]


def test_sums_of_rows_that_two_tables_share_are_the_same_number(
    annual_page: tuple[Page, Release],
) -> None:
    page, release = annual_page
    for one, other in (
        (("report_lag", 0, 1, 2), ("victim_records_in_year", 1)),
        (("children_by_agency", 0, 2), ("children_reported_in_year", 0)),
    ):
        sides = [find_terms(release, *one), find_terms(release, *other)]
        answer = page.evaluate("([one, two]) => moshare.compare(one, two)", sides)
        assert answer["refusal"] == "Both sides are the same number."


def test_rows_of_tables_about_the_same_records_are_compared_with_the_noise_they_share(
    annual_page: tuple[Page, Release],
) -> None:
    """One cell of a table is a third of the total and noise of its own; troops share the total."""
    page, release = annual_page

    def compare(one: list[Term], two: list[Term]) -> float:
        answer = page.evaluate("([one, two]) => moshare.compare(one, two)", [one, two])
        assert answer["refusal"] == ""
        return float(answer["deviation"])

    cell, total = (
        find_terms(release, "report_lag", 0),
        find_terms(release, "victim_records_in_year", 1),
    )
    variances = [
        float(release.tables[one[0]["table"]].rows[one[0]["row"]].deviation or 0) ** 2
        for one in (cell, total)
    ]
    assert compare(cell, total) ** 2 == pytest.approx(
        variances[0] + variances[1] - 2 * variances[1] / 3, rel=1e-4
    )
    unlinked = find_terms(release, "children_by_agency", 1)
    children = find_terms(release, "children_reported_in_year", 0)
    alone = [
        float(release.tables[one[0]["table"]].rows[one[0]["row"]].deviation or 0) ** 2
        for one in (unlinked, children)
    ]
    assert compare(unlinked, children) ** 2 == pytest.approx(sum(alone), rel=1e-4)


def test_adding_rows_of_tables_about_the_same_records_is_said_to_count_twice(
    annual_page: tuple[Page, Release],
) -> None:
    page, release = annual_page

    def overlaps(*terms: Term) -> bool:
        answer = page.evaluate(
            "([one, two]) => moshare.compare(one, two)",
            [list(terms), find_terms(release, "children_in_year_by_sex", 0)],
        )
        return bool(answer["sides"][0]["overlaps"])

    children = find_terms(release, "children_in_year_by_region", 0)
    assert overlaps(*children, *find_terms(release, "children_by_agency", 2))
    assert not overlaps(*children, *find_terms(release, "children_by_agency", 1))


def test_the_variance_of_any_sum_is_that_of_dense_least_squares(
    page: Page, example: Release, numbers: dict[str, Any]
) -> None:
    random = np.random.default_rng(7)
    by_unit = list_terms(numbers)
    for _ in range(200):
        terms = choose_side(by_unit[str(random.choice(sorted(by_unit)))], random)
        weights = weigh(example, numbers, terms, [])
        expected = sum(
            ((weight * FRAMES[name].sigmas) ** 2).sum() for (name, _), weight in weights.items()
        )
        found = page.evaluate("(terms) => moshare.measure(terms)", terms)
        assert found == pytest.approx(expected, rel=1e-4)


def test_every_row_has_the_deviation_that_it_was_published_with(
    page: Page, example: Release, numbers: dict[str, Any]
) -> None:
    for terms in list_terms(numbers).values():
        for term in terms:
            row = example.tables[term["table"]].rows[term["row"]]
            found = page.evaluate("(terms) => moshare.measure(terms)", [term])
            assert found**0.5 == pytest.approx(row.deviation, rel=1e-4)


def test_the_engine_and_the_page_give_every_row_of_the_reviewed_policy_the_same_deviation(
    context: BrowserContext, tmp_path: Path
) -> None:
    plan = example_plan("2025Q4")
    drawn = publish(plan, fill_cells(plan, 9))
    release = replace(drawn, drawn_at="2025-01-15T11:00:00Z")
    (tmp_path / "index.html").write_bytes(render_page(describe_page(release)))
    page = context.new_page()
    page.goto((tmp_path / "index.html").as_uri())
    checked = 0
    for terms in list_terms(json.loads(page.inner_text("#numbers"))).values():
        for term in terms:
            row = release.tables[term["table"]].rows[term["row"]]
            found = page.evaluate("(terms) => moshare.measure(terms)", [term])
            assert found**0.5 == pytest.approx(row.deviation, rel=1e-4)
            checked += 1
    assert checked > 100
