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
from privacy.publishing import Publisher
from privacy.released import (
    ESTIMATED,
    NOT_COLLECTED,
    NOT_DISTINGUISHABLE,
    NOT_RELEASED,
    Release,
    ReleasedTable,
    read_release,
)
from privacy.rows import list_rows

PAGE = Path(__file__).resolve().parents[3] / "docs" / "privacy.md"


def cells(plan: Plan, value: int) -> dict[str, list[int]]:
    return {
        measured.name: [value] * measured.cell_count
        for frame in plan.frames
        for measured in frame.measurements
    }


def publish(plan: Plan, drawn: dict[str, list[int]]) -> Release:
    content: dict[str, Any] = Publisher(plan).publish(drawn, PROVENANCE)
    return read_release({**content, "drawn_at": "now", "ledger_head": "0" * 64})


def find(release: Release, name: str) -> ReleasedTable:
    return next(table for table in release.tables if table.name == name)


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
    drawn = cells(plan, 0)
    drawn["incidents_known_to_police_total"] = [42]
    drawn["incidents_known_to_police_by_definition"] = [30, 12]
    drawn["incidents_known_to_police_by_troop"] = [42] + [0] * 10
    drawn["incidents_known_to_police_by_definition_and_troop"] = [30, *[0] * 10, 12, *[0] * 10]
    strict, broad = find(publish(plan, drawn), "incidents_known_to_police").rows
    assert (strict.keys, strict.estimate, strict.count) == (("strict",), 30.0, 30)
    assert (broad.keys, broad.estimate, broad.count) == (("broad",), 42.0, 42)
    assert broad.moe90 is not None
    assert strict.moe90 is not None
    assert broad.moe90 < 2**0.5 * strict.moe90


def test_a_crossed_row_sums_the_cells_of_its_own_troop(plan: Plan) -> None:
    table = next(t for t in plan.policy.tables if t.name == "incidents_by_troop")
    rows = {row.keys: row.positions for row in list_rows(plan.policy, plan.keys, table)}
    assert rows["strict", "B"] == ((0,), (1,))
    assert rows["broad", "B"] == ((0, 1), (1,))


def test_negative_estimates_stay_and_counts_are_never_below_zero(plan: Plan) -> None:
    rows = publish(plan, cells(plan, -9)).tables[0].rows
    assert [(row.estimate, row.count, row.status) for row in rows] == [
        (-9.0, 0, NOT_DISTINGUISHABLE)
    ]


def test_a_number_that_rounds_to_zero_has_no_sign(plan: Plan) -> None:
    drawn = cells(plan, 0)
    drawn["children_reported_by_sex_group"] = [-1, 1, 0]
    sums = [row.estimate for row in find(publish(plan, drawn), "children_reported").rows]
    assert [str(estimate) for estimate in sums] == ["0.0"]


def test_every_number_is_made_from_the_released_measurements(plan: Plan, released: Release) -> None:
    drawn = {
        measured.name: [cell.noisy_count for cell in measured.cells]
        for measured in released.measurements
    }
    assert publish(plan, drawn).tables == released.tables
    assert {measured.name: str(measured.sigma) for measured in released.measurements} == {
        measured.name: str(float(measured.scale))
        for frame in plan.frames
        for measured in frame.measurements
    }


def test_the_ledger_holds_the_measurements_and_what_was_made_of_them(
    released: Release, ledger: Ledger
) -> None:
    payload = ledger.read_entries()[-1].payload
    assert payload is not None
    first = payload["measurements"][0]
    assert first["cells"][0]["noisy_count"] == released.measurements[0].cells[0].noisy_count
    assert payload["tables"][0]["rows"][0]["count"] == released.tables[0].rows[0].count


def test_a_measured_cell_carries_its_keys_and_labels(released: Release) -> None:
    measured = next(m for m in released.measurements if m.dimensions == ("definition", "troop"))
    assert (measured.frame, len(measured.cells)) == ("incidents_known_to_police", 22)
    assert measured.cells[12].keys == ("broad_only", "B")
    assert measured.cells[12].labels[1] == "Troop B"


def test_counts_agree_in_all_tables_of_a_frame(plan: Plan, ledger: Ledger) -> None:
    released = door.release(plan, lambda: example_exact(plan, rows=300), ledger)
    total = find(released, "children_reported").rows[0].count
    for name in ("children_by_age_band", "children_by_sex", "children_by_region"):
        counts = [row.count for row in find(released, name).rows]
        assert sum(count for count in counts if count is not None) == total
    for unit in ("incidents", "juvenile_victim_records"):
        by_definition = find(released, unit if unit != "incidents" else "incidents_known_to_police")
        by_troop = find(released, f"{unit}_by_troop")
        for row in by_definition.rows:
            parts = [part.count for part in by_troop.rows if part.keys[0] == row.keys[0]]
            assert sum(part for part in parts if part is not None) == row.count


def test_an_estimate_is_distinguishable_only_above_its_cut_off(plan: Plan) -> None:
    cut_off = publish(plan, cells(plan, 0)).tables[0].rows[0].cut_off
    assert cut_off is not None
    for value, status in ((cut_off, NOT_DISTINGUISHABLE), (cut_off + 1, ESTIMATED)):
        assert publish(plan, cells(plan, value)).tables[0].rows[0].status == status


def test_a_table_nobody_collects_is_present_with_its_own_words(released: Release) -> None:
    table = released.tables[-1]
    assert (table.name, table.bound) == ("prosecutions", None)
    assert [
        (row.labels, row.count, row.estimate, row.moe90, row.cut_off, row.status)
        for row in table.rows
    ] == [(("Missouri",), None, None, None, None, NOT_COLLECTED)]


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
    assert dict(released.versions).keys() == {"numpy", "opendp", "python"}


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


def test_the_page_about_privacy_tells_the_noise_of_every_measurement_and_table(
    released: Release,
) -> None:
    text = PAGE.read_text("utf-8")
    for measured in released.measurements:
        assert f"| `{measured.name}` | {measured.sigma:.3f} |" in text, measured.name
    for table in released.tables:
        margins = sorted({row.moe90 for row in table.rows if row.moe90 is not None})
        told = " (broad: ".join(map(str, margins)) + (")" if margins[1:] else "")
        assert not margins or f"| `{table.name}` | {told} |" in text, table.name
    assert f"{released.privacy.groups[2].epsilon:.2f}" in text
