"""The page about privacy tells the figures of the reviewed policy."""

import math
from pathlib import Path

import pytest
from privacy_examples import example_plan
from release_examples import fill_cells, publish

from privacy.approval.policy_summary import LIFETIME_QUARTERS, sum_worst
from privacy.engine import noise
from privacy.plan import Plan
from privacy.publishing.history import History
from privacy.publishing.same_rows import join_same_rows
from privacy.publishing.tables import prepare_tables
from privacy.publishing.years import add_year_sums
from privacy.released import ANNUAL, QUARTERLY, ReleasedTable

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "privacy.md").read_text("utf-8")


@pytest.fixture(scope="module")
def annual() -> Plan:
    return example_plan("2025Q4")


def test_the_noise_of_every_measurement_is_told(annual: Plan) -> None:
    for frame in annual.frames:
        for measured in frame.measurements:
            told = f"| `{measured.name}` | {measured.cell_count} | {float(measured.scale):.3f} |"
            assert told in PAGE, measured.name
    assert PAGE.count("_at_") == sum(len(frame.measurements) for frame in annual.frames)


def say_margins(table: ReleasedTable) -> str:
    margins = sorted({row.moe90 for row in table.rows if row.moe90 is not None})
    return " to ".join(map(str, dict.fromkeys(margins[:1] + margins[-1:])))


def test_the_margin_of_every_table_is_told(annual: Plan) -> None:
    quarters = [example_plan(f"{annual.quarter[:4]}Q{number}") for number in (1, 2, 3)]
    earlier = [publish(plan, fill_cells(plan, 0)) for plan in quarters]
    informed = join_same_rows(add_year_sums(annual, History(annual.quarter, earlier)))
    alone_in_year = prepare_tables(join_same_rows(annual))
    for alone, summed in zip(alone_in_year, prepare_tables(informed), strict=True):
        table = alone.table
        told, better = say_margins(table), say_margins(summed.table)
        if told:
            told = told if told == better else f"{better} ({told})"
            line = f"| `{table.name}` | {table.cadence} | {len(table.rows)} | {told} |"
            assert line in PAGE, table.name


def test_the_guarantee_for_several_identities_is_told(plan: Plan, annual: Plan) -> None:
    for size in (1, 2, 3):
        cells = [str(size)]
        for one in (plan, annual):
            rho = one.rho * size**2
            cells.append(f"{float(round(rho, 3)):g}")
            ways = (noise.convert_to_epsilon, noise.compose_epsilon)
            cells += [f"{find(rho, one.policy.delta):.2f}" for find in ways]
        assert f"| {' | '.join(cells)} |" in PAGE


def test_the_worst_case_and_its_caps_are_told(annual: Plan) -> None:
    caps = annual.policy.caps
    lines = [
        ("quarterly tables of a quarter", annual.sum_rho(QUARTERLY), caps.quarter),
        ("annual tables of a year", annual.sum_rho(ANNUAL), caps.annual),
        ("calendar year", sum_worst(annual, 4), caps.year),
        ("any twelve quarters in a row", sum_worst(annual, 12), caps.three_years),
        ("lifetime", sum_worst(annual, LIFETIME_QUARTERS), caps.lifetime),
    ]
    for period, worst, cap in lines:
        assert f"| {period} | {float(worst):.3f} | {float(cap)} |" in PAGE, period


def test_the_power_of_the_best_attack_is_told(plan: Plan, annual: Plan) -> None:
    text = " ".join(PAGE.split())
    quarter = math.ceil(1000 * noise.compute_power(plan.rho)) / 10
    ever = math.ceil(1000 * noise.compute_power(sum_worst(annual, LIFETIME_QUARTERS))) / 10
    assert f"finds at most {quarter:.1f} in 100" in text
    assert f"ever released, at most {ever:.1f}." in text
