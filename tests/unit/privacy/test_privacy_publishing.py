from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from approval_examples import Office
from privacy_examples import approve_example, example_plan, release_example
from release_examples import fill_cells, find_table, publish
from small_policy import CALLS_OFF, RULES, SMALL, load_small

from privacy.engine import noise
from privacy.engine.frames import Level
from privacy.engine.margins import compute_margin
from privacy.engine.trees import Tree
from privacy.errors import PrivacyError
from privacy.ledger.ledger import Ledger
from privacy.plan import Plan, make_plan
from privacy.policy.optimise import optimise
from privacy.publishing.publisher import Publisher
from privacy.publishing.tables import EXPECTED_FALSE_ALARMS
from privacy.released import (
    ANNUAL,
    COHORT,
    ESTIMATED,
    NOT_COLLECTED,
    NOT_DISTINGUISHABLE,
    NOT_RELEASED,
    QUARTERLY,
    ApprovalFacts,
    Release,
    SpendingFacts,
)


@pytest.fixture(scope="module")
def annual() -> Plan:
    return example_plan("2025Q4")


@pytest.fixture(scope="module")
def released(annual: Plan) -> Release:
    return publish(annual, fill_cells(annual, 30))


def test_every_table_of_the_plan_is_released_in_the_order_of_the_policy(
    plan: Plan, annual: Plan, released: Release
) -> None:
    assert [table.name for table in released.tables] == [one.name for one in annual.policy.tables]
    quarterly = publish(plan, fill_cells(plan, 0))
    assert {table.cadence for table in quarterly.tables} == {QUARTERLY}
    assert {table.period for table in quarterly.tables} == {"2025Q1"}


def test_a_table_tells_how_it_counts_and_for_which_period(released: Release) -> None:
    children = find_table(released, "children_by_region")
    assert (children.kind, children.cadence, children.period) == (COHORT, QUARTERLY, "2025Q4")
    assert (children.level, children.dimensions) == ("region", ())
    lag = find_table(released, "report_lag")
    assert (lag.cadence, lag.period, lag.frame) == (ANNUAL, "2025", "report_lag_in_year")
    assert lag.dimension_titles == ("Time to the report",)
    assert lag.bound is not None
    assert "squared distance" in lag.bound


def test_every_listed_unit_has_a_row_even_without_data(annual: Plan) -> None:
    counties = {key.key for key in annual.keys.of("county")}
    rows = find_table(publish(annual, fill_cells(annual, 0)), "children_in_year_by_county").rows
    assert {row.geography for row in rows} == counties
    assert len(rows) == 117


def test_broad_is_the_sum_of_strict_and_broad_only(plan: Plan) -> None:
    drawn = fill_cells(plan, 0)
    drawn["incidents_known_to_police_at_state"] = [42]
    drawn["incidents_known_to_police_at_state_by_definition"] = [30, 12]
    strict, broad = find_table(publish(plan, drawn), "incidents_known_to_police").rows
    assert (strict.keys, strict.estimate, strict.count) == (("strict",), 30.0, 30)
    assert (broad.keys, broad.estimate, broad.count) == (("broad",), 42.0, 42)
    assert broad.moe90 is not None
    assert strict.moe90 is not None
    assert broad.moe90 < 2**0.5 * strict.moe90


def test_positions_say_which_cells_of_its_frame_a_row_sums(released: Release) -> None:
    table = find_table(released, "incidents_known_to_police")
    assert table.positions == ((0, ((0,),)), (0, ((0, 1),)))
    counties = find_table(released, "children_in_year_by_county")
    frame = next(one for one in released.frames if one.name == counties.frame)
    assert [unit for unit, _ in counties.positions] == list(range(117))
    assert {axes for _, axes in counties.positions} == {
        tuple(tuple(range(size)) for size in frame.sizes)
    }


def test_a_frame_tells_its_levels_with_their_units_and_words(released: Release) -> None:
    frame = next(one for one in released.frames if one.name == "children_reported")
    state, region = frame.levels
    assert (state.name, state.title, state.keys, state.parents) == (
        "state",
        "State",
        ("Missouri",),
        (),
    )
    assert region.title == "Children's Division region"
    assert region.parents == (0,) * 8
    assert region.labels[-1] == "Region not known"
    assert (frame.period, frame.columns, frame.sizes) == ("2025Q4", (), ())


def test_a_frame_tells_how_many_children_live_in_each_unit_by_the_public_list(
    annual: Plan, released: Release
) -> None:
    known = dict(annual.keys.population)
    for frame in released.frames:
        for level in frame.levels:
            assert level.children_in == 2019
            assert len(level.children) == len(level.keys)
            if level.name == "state":
                assert level.children == (sum(known.values()),)
            if level.name == "county":
                children = dict(zip(level.keys, level.children, strict=True))
                assert {key: count for key, count in children.items() if count} == known
    untold = replace(annual.keys, population=())
    plan = replace(annual, keys=untold, policy=replace(annual.policy, is_modelled=False))
    levels = [one for frame in publish(plan, fill_cells(plan, 3)).frames for one in frame.levels]
    assert {(level.children, level.children_in) for level in levels} == {((), None)}


def test_the_deviation_of_every_row_follows_from_the_facts_of_its_frame(released: Release) -> None:
    frames = {frame.name: frame for frame in released.frames}
    for table in released.tables:
        for row, (unit, positions) in zip(table.rows, table.positions, strict=False):
            frame = frames[str(table.frame)]
            levels = [Level(one.name, one.keys, one.parents) for one in frame.levels]
            place = [one.name for one in levels].index(table.level)
            variance = 0.0
            for space, precisions in frame.precisions:
                product = 1.0
                for axis, (summed, size) in enumerate(zip(positions, frame.sizes, strict=True)):
                    mean = len(summed) ** 2 / size
                    product *= len(summed) - mean if axis in space else mean
                if product:
                    tree, node = Tree(levels, precisions), (place, unit)
                    variance += product * tree.find_covariance(node, node)
            if frame.same_rows:
                (keys,) = positions
                cells = len(set(keys) & set(frame.same_rows.places))
                variance += cells**2 * frame.same_rows.covariance
            assert row.deviation == pytest.approx(variance**0.5)
            assert row.moe90 == compute_margin(row.deviation or 0)


def test_negative_estimates_stay_and_counts_are_never_below_zero(plan: Plan) -> None:
    rows = publish(plan, fill_cells(plan, -9)).tables[0].rows
    assert [(row.estimate, row.count, row.status) for row in rows] == [
        (-9.0, 0, NOT_DISTINGUISHABLE)
    ]


def test_a_number_that_rounds_to_zero_has_no_sign(plan: Plan) -> None:
    drawn = fill_cells(plan, 0)
    drawn["children_reported_at_region"] = [-1, 1, 0, 0, 0, 0, 0, 0]
    sums = [row.estimate for row in find_table(publish(plan, drawn), "children_reported").rows]
    assert [str(estimate) for estimate in sums] == ["0.0"]


def test_every_number_is_made_from_the_released_measurements(
    annual: Plan, released: Release
) -> None:
    drawn = {
        measured.name: [cell.noisy_count for cell in measured.cells]
        for measured in released.measurements
    }
    assert publish(annual, drawn).tables == released.tables
    assert {measured.name: str(measured.sigma) for measured in released.measurements} == {
        measured.name: str(float(measured.scale))
        for frame in annual.frames
        for measured in frame.measurements
    }


def test_a_measured_cell_carries_its_unit_keys_and_labels(released: Release) -> None:
    measured = {one.name: one for one in released.measurements}
    regions = measured["children_reported_at_region"]
    assert (regions.frame, regions.level, len(regions.cells)) == ("children_reported", "region", 8)
    assert regions.cells[0].geography == "Kansas City"
    by_definition = measured["incidents_known_to_police_at_state_by_definition"]
    assert by_definition.dimensions == ("definition",)
    assert [cell.keys for cell in by_definition.cells] == [("strict",), ("broad_only",)]
    assert by_definition.cells[1].labels == ("Broad but not strict",)


def test_counts_agree_in_all_tables_and_levels_of_a_frame(annual: Plan) -> None:
    noise_of = np.random.default_rng(5)
    drawn = {
        name: (np.array(cells) + noise_of.integers(-9, 9, len(cells))).tolist()
        for name, cells in fill_cells(annual, 9).items()
    }
    release = publish(annual, drawn)
    total = find_table(release, "children_reported_in_year").rows[0].count
    for name in ("age_band", "sex", "region", "county"):
        counts = [row.count for row in find_table(release, f"children_in_year_by_{name}").rows]
        assert sum(count for count in counts if count is not None) == total


def test_an_estimate_is_distinguishable_only_above_its_cut_off(plan: Plan) -> None:
    cut_off = publish(plan, fill_cells(plan, 0)).tables[0].rows[0].cut_off
    assert cut_off is not None
    for value, status in ((cut_off, NOT_DISTINGUISHABLE), (cut_off + 1, ESTIMATED)):
        assert publish(plan, fill_cells(plan, value)).tables[0].rows[0].status == status


def test_a_quarterly_table_is_judged_alike_in_every_quarter(plan: Plan, released: Release) -> None:
    quarterly = publish(plan, fill_cells(plan, 0)).tables
    for table in quarterly:
        cut_offs = [row.cut_off for row in table.rows]
        assert cut_offs == [row.cut_off for row in find_table(released, table.name).rows]


def test_cut_offs_are_higher_where_many_cells_are_tested_together(released: Release) -> None:
    def find_height(name: str) -> float:
        row = find_table(released, name).rows[0]
        return (row.cut_off or 0) / (row.deviation or 1)

    assert find_height("children_reported_in_year") > 1.2 * find_height("children_reported")


def test_fewer_than_one_false_alarm_is_expected_in_a_release(released: Release) -> None:
    tested = [row for table in released.tables for row in table.rows if row.cut_off is not None]
    alarms = [
        1 - NormalDist(sigma=row.deviation or 1).cdf(float(row.cut_off or 0)) for row in tested
    ]
    assert 0.3 < sum(alarms) <= sum(EXPECTED_FALSE_ALARMS.values()) < 1


def test_a_table_nobody_collects_is_present_with_its_own_words(released: Release) -> None:
    table = find_table(released, "prosecutions")
    assert (table.bound, table.frame, table.positions) == (None, None, ())
    assert {
        (row.geography, row.count, row.estimate, row.moe90, row.cut_off, row.status)
        for row in table.rows
    } == {("Missouri", None, None, None, None, NOT_COLLECTED)}


def test_a_withheld_table_is_present_without_numbers_and_says_why(tmp_path: Path) -> None:
    withheld = plan_small(tmp_path, CALLS_OFF)
    table = find_table(publish(withheld, fill_cells(withheld, 5)), "calls")
    assert [(row.count, row.moe90, row.status) for row in table.rows] == [
        (None, None, NOT_RELEASED)
    ]
    assert table.definition == "All. Not released: too few."


def test_modelled_numbers_stand_beside_units_below_the_state_where_the_policy_wants_them(
    annual: Plan, released: Release
) -> None:
    rows = find_table(released, "children_in_year_by_county").rows
    assert all(row.modelled is not None and row.modelled >= 0 for row in rows)
    assert all(
        (row.modelled_low90 or 0) <= (row.modelled or 0) <= (row.modelled_high90 or 0)
        for row in rows
    )
    assert {row.modelled for row in find_table(released, "arrests").rows} == {None}
    plain = replace(annual, policy=replace(annual.policy, is_modelled=False))
    without = publish(plain, fill_cells(plain, 30))
    assert {row.modelled for table in without.tables for row in table.rows} == {None}
    assert [table.rows[0].estimate for table in without.tables] == [
        table.rows[0].estimate for table in released.tables
    ]


def plan_small(folder: Path, text: str = SMALL) -> Plan:
    policy, keys = load_small(folder, text)
    return make_plan("2025Q1", policy, keys, optimise(policy, keys), RULES)


def test_synthetic_records_are_as_many_as_the_counts_where_the_policy_wants_them(
    tmp_path: Path,
) -> None:
    plan = plan_small(tmp_path)
    release = publish(plan, fill_cells(plan, 9))
    victims, pairs = release.synthetic
    assert (victims.frame, victims.columns) == ("victims", ("region", "definition"))
    assert (pairs.frame, pairs.columns) == ("pairs", ("state", "sex"))
    by_region = find_table(release, "victims_by_region")
    for row in by_region.rows:
        assert sum(record[0] == row.geography for record in victims.records) == row.count
    assert [name for name, _, _ in victims.moved] == ["victims", "victims_by_region"]


def test_no_synthetic_records_are_made_unless_the_policy_wants_them(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("privacy.publishing.numbers.synthesise")
    assert publish(plan, fill_cells(plan, 9)).synthetic == ()


def test_a_frame_that_is_only_a_total_has_no_synthetic_records(tmp_path: Path) -> None:
    plan = plan_small(tmp_path, SMALL.replace('cadence = "annual"', 'cadence = "quarterly"'))
    assert "calls" in {one.frame.name for one in plan.frames}
    made = publish(plan, fill_cells(plan, 0)).synthetic
    assert [(one.frame, one.records) for one in made] == [("victims", ()), ("pairs", ())]


def test_what_synthetic_records_need_is_tried_before_the_draw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise PrivacyError("MS661")

    monkeypatch.setattr("privacy.modelled.synthesis._import_mbi", refuse)
    with pytest.raises(PrivacyError, match="MS661"):
        Publisher(plan_small(tmp_path))


def test_the_facts_of_the_guarantee_are_those_of_the_plan(annual: Plan) -> None:
    spending = (SpendingFacts("quarter", Fraction(1, 8), Fraction(1, 8)),)
    approvals = (ApprovalFacts("doe", "AB", "2026-01-01T00:00:00+00:00"),)
    release = publish(annual, fill_cells(annual, 0), approvals, spending)
    facts = release.privacy
    assert facts.rho == annual.rho
    assert Fraction(facts.rho_decimal) >= annual.rho
    assert Fraction(facts.rho_decimal) - annual.rho < Fraction(1, 10**6)
    assert (facts.unit, facts.unprotected) == (annual.policy.unit, annual.policy.unprotected)
    assert [(group.size, group.rho) for group in facts.groups] == [
        (1, annual.rho),
        (2, 4 * annual.rho),
        (3, 9 * annual.rho),
    ]
    assert facts.epsilon == facts.groups[0].epsilon < facts.groups[1].epsilon
    assert (facts.spending, release.approvals) == (spending, approvals)
    assert (release.plan.hash, release.plan.policy_hash) == (annual.hash, annual.policy.hash)
    assert release.plan.strategy_hash == annual.strategy.hash
    assert dict(release.versions).keys() == {"numpy", "opendp", "python"}


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


def test_whatever_follows_a_draw_is_tried_before_it(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ArithmeticError

    monkeypatch.setattr("privacy.publishing.numbers.count_tables", refuse)
    with pytest.raises(ArithmeticError):
        Publisher(plan)


def test_the_ledger_holds_the_measurements_and_what_was_made_of_them(
    plan: Plan, tmp_path: Path
) -> None:
    office, place = Office(tmp_path), tmp_path / "ledger" / "ledger.sqlite"
    approve_example(office, plan.quarter)
    ledger = Ledger.create(place)
    release = release_example(plan, office, place)
    payload = ledger.read_entries()[-1].payload
    assert payload is not None
    first = payload["measurements"][0]
    assert first["cells"][0]["noisy_count"] == release.measurements[0].cells[0].noisy_count
    assert payload["tables"][0]["rows"][0]["count"] == release.tables[0].rows[0].count
