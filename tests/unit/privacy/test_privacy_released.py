import re
from dataclasses import FrozenInstanceError, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from privacy_examples import PROVENANCE, example_exact

from privacy import door, noise
from privacy.errors import PrivacyError
from privacy.ledger import Ledger
from privacy.plan import Plan, make_plan
from privacy.publishing import Publisher, list_published_rows
from privacy.released import (
    ESTIMATED,
    NOT_COLLECTED,
    NOT_DISTINGUISHABLE,
    NOT_RELEASED,
    Release,
    read_release,
)

PAGE = Path(__file__).resolve().parents[3] / "docs" / "privacy.md"


def cells(plan: Plan, value: int) -> dict[str, list[int]]:
    return {
        table.policy.name: [value] * table.cell_count
        for frame in plan.frames
        for table in frame.tables
    }


def publish(plan: Plan, drawn: dict[str, list[int]]) -> Release:
    content: dict[str, Any] = Publisher(plan).publish(drawn, PROVENANCE)
    return read_release({**content, "drawn_at": "now", "ledger_head": "0" * 64})


@pytest.fixture
def released(plan: Plan, ledger: Ledger) -> Release:
    return door.release(plan, lambda: example_exact(plan), ledger)


def test_a_release_survives_its_json_exactly(released: Release) -> None:
    text = released.to_json()
    assert Release.from_json(text) == released
    assert Release.from_json(text).to_json() == text


@pytest.mark.parametrize("is_simulated", [True, False])
def test_who_delivered_survives_json_exactly(released: Release, is_simulated: bool) -> None:
    other = replace(released, provenance=replace(PROVENANCE, is_simulated=is_simulated))
    assert Release.from_json(other.to_json()).provenance == other.provenance


def test_a_release_cannot_be_changed(released: Release) -> None:
    with pytest.raises(FrozenInstanceError):
        released.provenance.is_simulated = False  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        released.tables[0].rows[0].estimate = 0  # type: ignore[misc]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"quarter_start":1}', "null"])
def test_a_record_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(PrivacyError, match="MS629"):
        Release.from_json(text)


def test_every_table_of_the_policy_is_released_in_its_order(plan: Plan, released: Release) -> None:
    assert [table.name for table in released.tables] == [table.name for table in plan.policy.tables]


def test_every_listed_key_has_a_row_even_without_data(plan: Plan) -> None:
    troops = {key.key for key in plan.keys.of("troop")}
    table = next(
        table for table in publish(plan, cells(plan, 0)).tables if "troop" in table.dimensions
    )
    assert {row.keys for row in table.rows} == {
        (definition, troop) for definition in ("strict", "broad") for troop in troops
    }
    assert table.dimension_titles == ("Definition", "Highway Patrol troop")


def test_broad_is_the_sum_of_strict_and_broad_only(plan: Plan) -> None:
    drawn = {**cells(plan, 0), "incidents_known_to_police": [30, 12]}
    table = next(t for t in publish(plan, drawn).tables if t.name == "incidents_known_to_police")
    strict, broad = table.rows
    assert (strict.keys, strict.estimate) == (("strict",), 30)
    assert (broad.keys, broad.estimate) == (("broad",), 42)
    assert broad.moe90 is not None
    assert strict.moe90 is not None
    assert broad.moe90 > strict.moe90


def test_a_crossed_row_sums_the_cells_of_its_own_troop(plan: Plan) -> None:
    table = next(t for t in plan.policy.tables if t.name == "incidents_by_troop")
    rows = {keys: summed for keys, _, summed in list_published_rows(plan, table)}
    size = len(plan.keys.of("troop"))
    assert rows["strict", "B"] == (1,)
    assert rows["broad", "B"] == (1, size + 1)


def test_negative_estimates_stay(plan: Plan) -> None:
    rows = publish(plan, cells(plan, -9)).tables[0].rows
    assert [(row.estimate, row.status) for row in rows] == [(-9, NOT_DISTINGUISHABLE)]


def test_an_estimate_is_distinguishable_only_above_its_cut_off(plan: Plan) -> None:
    cut_off = publish(plan, cells(plan, 0)).tables[0].rows[0].cut_off
    assert cut_off is not None
    for value, status in ((cut_off, NOT_DISTINGUISHABLE), (cut_off + 1, ESTIMATED)):
        assert publish(plan, cells(plan, value)).tables[0].rows[0].status == status


def test_a_table_nobody_collects_is_present_with_its_own_words(released: Release) -> None:
    table = released.tables[-1]
    assert (table.name, table.sigma, table.rho, table.bound) == ("prosecutions", None, None, None)
    assert [(row.labels, row.estimate, row.moe90, row.status) for row in table.rows] == [
        (("Missouri",), None, None, NOT_COLLECTED)
    ]


def test_a_withheld_table_is_present_without_numbers(plan: Plan) -> None:
    last = replace(plan.policy.tables[-1], silence=NOT_RELEASED)
    policy = replace(plan.policy, tables=(*plan.policy.tables[:-1], last))
    withheld = make_plan("2025Q1", policy, plan.keys)
    assert publish(withheld, cells(plan, 5)).tables[-1].rows[0].status == NOT_RELEASED


def test_the_facts_of_the_guarantee_are_those_of_the_plan(plan: Plan, released: Release) -> None:
    facts = released.privacy
    assert facts.rho == plan.rho
    assert Fraction(facts.rho_decimal) >= plan.rho
    assert Fraction(facts.rho_decimal) - plan.rho < Fraction(1, 10**6)
    assert (facts.unit, facts.unprotected) == (plan.policy.unit, plan.policy.unprotected)
    assert [(group.size, group.rho) for group in facts.groups] == [
        (1, plan.rho),
        (2, 4 * plan.rho),
        (3, 9 * plan.rho),
    ]
    assert facts.epsilon == facts.groups[0].epsilon < facts.groups[1].epsilon
    assert (released.plan.hash, released.plan.policy_hash) == (plan.hash, plan.policy.hash)
    assert dict(released.versions).keys() == {"opendp", "python"}


@pytest.mark.parametrize("rho", [Fraction(1, 4), Fraction(1, 5), Fraction(1, 10)])
def test_epsilon_is_never_that_of_a_smaller_cost(rho: Fraction) -> None:
    delta, less = Decimal("0.000001"), rho - Fraction(1, 10**12)
    assert noise.convert_to_epsilon(less, delta) < noise.convert_to_epsilon(rho, delta)


def test_the_reference_values_of_the_guarantee_are_met() -> None:
    delta = Decimal("0.000001")
    assert noise.convert_to_epsilon(Fraction(1, 8), delta) == pytest.approx(2.42, abs=0.01)
    assert noise.convert_to_epsilon(Fraction(1, 2), delta) == pytest.approx(5.22, abs=0.01)
    assert noise.compute_mu(Fraction(1, 8)) == 0.5
    assert noise.compute_power(Fraction(1, 8)) == pytest.approx(0.034, abs=0.001)
    assert noise.compute_power(Fraction(1, 2)) == pytest.approx(0.092, abs=0.001)


def test_the_page_about_privacy_tells_the_noise_of_every_table(released: Release) -> None:
    lines = PAGE.read_text("utf-8").splitlines()
    told = [line for line in lines if re.match(r"\| [^|]+ \| \d+\.\d{3} \| \d+", line)]
    for table in released.tables:
        margins = sorted({row.moe90 for row in table.rows if row.moe90 is not None})
        noise_of_table = f"| {table.sigma} | " + " (broad: ".join(map(str, margins))
        assert table.sigma is None or any(noise_of_table in line for line in told), table.name
    assert f"{released.privacy.groups[2].epsilon:.2f}" in "".join(lines)
