"""What passes the door without noise: exactly what the policy declares public, and nothing else."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from approval_examples import Office
from privacy_examples import (
    PROVENANCE,
    example_exact,
    example_plan,
    try_nothing,
)
from release_examples import fill_cells, find_table
from small_policy import DECLARED, RULES, SMALL, load_small

from privacy import door
from privacy.declared import DeliveredTotals
from privacy.engine.exact import ExactRelease
from privacy.errors import PrivacyError
from privacy.ledger.chain import CHARGE, DRAWN
from privacy.ledger.ledger import Ledger
from privacy.plan import Plan, make_plan
from privacy.policy.optimise import optimise
from privacy.policy.policy import load_policy
from privacy.publishing.declared import (
    MOST,
    check_totals,
    list_cells,
    list_largest,
    list_periods,
)
from privacy.publishing.publisher import Publisher
from privacy.publishing.recalled import read_release
from privacy.released import (
    DECLARED_PUBLIC,
    NOT_COLLECTED,
    NOT_DELIVERED,
    Provenance,
    Release,
)

DELIVERED = replace(
    PROVENANCE, deliveries=tuple(sorted((*PROVENANCE.deliveries, ("courts", "full"))))
)
TABLES = ("prosecutions", "dispositions", "convictions")


def tell(count: int = 3, quarter: str = "2025Q1", **other: Any) -> DeliveredTotals:
    counts = {
        measure: {"of_a_child": count, "other": 0}
        for measure in ("cases_filed", "dispositions", "convictions")
    }
    return DeliveredTotals(
        **{"agency": "courts", "contract": "courts/1", "quarter": quarter, "counts": counts} | other
    )


def publish(
    plan: Plan, totals: Sequence[DeliveredTotals], earlier: Sequence[Release] = ()
) -> Release:
    publisher = Publisher(plan, earlier=earlier)
    content = publisher.publish(fill_cells(plan, 5), DELIVERED, totals)
    return read_release({**content, "drawn_at": "now", "ledger_head": "0" * 64})


def numbers(release: Release, name: str) -> list[tuple[int | None, str]]:
    return [(row.count, row.status) for row in find_table(release, name).rows]


def history(release: Release) -> list[tuple[str, int | None]]:
    return [
        (point.period, point.count)
        for point in release.history
        if point.table == "prosecutions" and point.keys == ("of_a_child",)
    ]


def test_declared_totals_are_published_as_they_were_delivered(plan: Plan) -> None:
    release = publish(plan, [tell(3)])
    for name in TABLES:
        table = find_table(release, name)
        assert numbers(release, name) == [(3, DECLARED_PUBLIC), (0, DECLARED_PUBLIC)]
        assert {(row.estimate, row.moe90, row.cut_off, row.deviation) for row in table.rows} == {
            (None,) * 4
        }
        assert (table.frame, table.bound, table.positions) == (None, None, ())
        assert table.declared
        assert table.declared.contract == "courts/1"


def test_they_cost_nothing_and_are_measured_by_nothing(plan: Plan) -> None:
    with_totals, without = publish(plan, [tell(3)]), publish(plan, [])
    assert with_totals.measurements == without.measurements
    assert with_totals.frames == without.frames
    assert with_totals.privacy == without.privacy
    assert {part.frame for part in plan.parts}.isdisjoint(TABLES)


def test_without_any_delivery_nobody_collects_them(plan: Plan) -> None:
    assert {one for name in TABLES for one in numbers(publish(plan, []), name)} == {
        (None, NOT_COLLECTED)
    }
    assert NOT_COLLECTED == "not collected by any source"


def test_a_quarter_that_was_left_out_is_not_delivered_and_no_zero() -> None:
    release = publish(example_plan("2025Q2"), [tell(3, "2025Q1")])
    assert numbers(release, "prosecutions") == [(None, NOT_DELIVERED)] * 2
    assert history(release) == [("2025Q1", 3)]


def test_the_next_release_has_the_corrected_number_of_an_earlier_quarter() -> None:
    first = publish(example_plan("2025Q1"), [tell(3)])
    later = publish(example_plan("2025Q2"), [tell(7, "2025Q2"), tell(4, "2025Q1")], [first])
    assert history(later) == [("2025Q1", 4)]
    assert numbers(first, "prosecutions")[0] == (3, DECLARED_PUBLIC)
    assert numbers(later, "prosecutions")[0] == (7, DECLARED_PUBLIC)


def test_a_release_tells_seven_quarters_before_its_own_and_none_before_the_record() -> None:
    assert list_periods(example_plan("2025Q1")) == ("2024Q4", "2025Q1")
    assert list_periods(example_plan("2027Q2"))[0] == "2025Q3"
    assert len(list_periods(example_plan("2027Q2"))) == 8


def test_the_declared_cells_are_those_of_tables_and_public_lists(plan: Plan) -> None:
    cells = ("of_a_child", "other")
    assert list_cells(plan) == {
        "courts": {"cases_filed": cells, "dispositions": cells, "convictions": cells}
    }
    largest = list_largest(plan)
    assert check_totals(plan, largest, DELIVERED) == largest


class Count(int):
    """A whole number that is more than one."""


@dataclass(frozen=True)
class Totals(DeliveredTotals):
    """Totals that are more than totals."""

    records: tuple[str, ...] = ("a child",)


def spoil(counts: Any) -> dict[str, Any]:
    return tell().counts | {"convictions": counts}  # type: ignore[operator]


REFUSED: dict[str, Callable[[Plan], object]] = {
    "a private frame": lambda plan: example_exact(plan).take("reports_to_childrens_division"),
    "a number": lambda _: 3,
    "a kind of totals that holds more": lambda _: Totals(**vars(tell())),
    "an agency that is not declared": lambda _: tell(agency="hotline"),
    "an agency of records": lambda _: tell(agency="dss"),
    "an agency that is no text": lambda _: tell(agency=b"courts"),
    "another contract": lambda _: tell(contract="courts/2"),
    "the contract of another agency": lambda _: tell(contract="hotline/1"),
    "a later quarter": lambda _: tell(quarter="2025Q2"),
    "a quarter before the first on record": lambda _: tell(quarter="2024Q3"),
    "a measure that is not declared": lambda _: tell(counts=tell().counts | {"children": {}}),  # type: ignore[operator]
    "a measure less": lambda _: tell(counts={"convictions": {"of_a_child": 1, "other": 0}}),
    "a column that is not declared": lambda _: tell(
        counts=spoil({"of_a_child": 1, "other": 0, "Boone County": 1})
    ),
    "a cell less": lambda _: tell(counts=spoil({"other": 0})),
    "a name": lambda _: tell(counts=spoil({"of_a_child": "Ann", "other": 0})),
    "a fraction": lambda _: tell(counts=spoil({"of_a_child": 1.0, "other": 0})),
    "a truth": lambda _: tell(counts=spoil({"of_a_child": True, "other": 0})),
    "a number that is more than one": lambda _: tell(
        counts=spoil({"of_a_child": Count(1), "other": 0})
    ),
    "a number below zero": lambda _: tell(counts=spoil({"of_a_child": -1, "other": 0})),
    "a number that hides another": lambda _: tell(
        counts=spoil({"of_a_child": MOST + 1, "other": 0})
    ),
    "cells in another form": lambda _: tell(counts=spoil([("of_a_child", 1), ("other", 0)])),
    "measures in another form": lambda _: tell(counts=list(tell().counts)),
}


@pytest.mark.parametrize("what", REFUSED)
def test_nothing_but_what_is_declared_passes_without_noise(plan: Plan, what: str) -> None:
    with pytest.raises(PrivacyError, match="MS616") as refused:
        check_totals(plan, [REFUSED[what](plan)], DELIVERED)  # type: ignore[list-item]
    assert "Ann" not in refused.value.sentence
    assert "Boone" not in refused.value.sentence


@pytest.mark.parametrize("quarter", ["2024Q3", "2025Q2", "2023Q1"])
def test_no_quarter_is_told_beside_its_own_but_those_that_a_release_repeats(
    plan: Plan, quarter: str
) -> None:
    check_totals(plan, [tell(), tell(quarter="2024Q4")], DELIVERED)
    with pytest.raises(PrivacyError, match="MS616"):
        check_totals(plan, [tell(), tell(quarter=quarter)], DELIVERED)


def test_no_quarter_is_told_twice(plan: Plan) -> None:
    with pytest.raises(PrivacyError, match="MS616"):
        check_totals(plan, [tell(3), tell(4)], DELIVERED)


@pytest.mark.parametrize(
    ("totals", "provenance"),
    [
        ([tell()], PROVENANCE),
        ([], DELIVERED),
        ([tell(quarter="2024Q4")], DELIVERED),
        (
            [tell()],
            replace(PROVENANCE, deliveries=(("courts", "none"), *PROVENANCE.deliveries)),
        ),
    ],
)
def test_who_delivered_is_told_as_the_totals_are_given(
    plan: Plan, totals: list[DeliveredTotals], provenance: Provenance
) -> None:
    with pytest.raises(PrivacyError, match="MS616"):
        check_totals(plan, totals, provenance)


class Name(str):
    """A text that is taken for the name of a cell, and says something else."""

    def __eq__(self, other: object) -> bool:
        return other in ("of_a_child", "Ann")

    def __hash__(self) -> int:
        return hash("of_a_child")


def test_nothing_is_recorded_but_declared_names_in_their_order(plan: Plan) -> None:
    (checked,) = check_totals(plan, [tell(counts=spoil({"other": 0, Name("Ann"): 3}))], DELIVERED)
    assert [*map(repr, checked.counts["convictions"])] == ["'of_a_child'", "'other'"]
    assert "Ann" not in str(checked.to_content())


def test_what_was_checked_cannot_be_changed_afterwards(plan: Plan) -> None:
    given = tell(3)
    (checked,) = check_totals(plan, [given], DELIVERED)
    given.counts["convictions"]["of_a_child"] = 9  # type: ignore[index]
    assert checked == tell(3)


def open_door(
    plan: Plan, office: Office, ledger: Ledger, totals: Sequence[DeliveredTotals]
) -> Release:
    exact = example_exact(plan)
    given = ExactRelease(
        [exact.take(one.frame.name) for one in plan.frames],
        DELIVERED if any(one.quarter == plan.quarter for one in totals) else PROVENANCE,
        held=exact.held,
        totals=totals,
    )
    return door.release(
        plan, office.approvals(plan.quarter), lambda: given, try_nothing, ledger, office.custody()
    )


def test_a_release_with_totals_is_the_same_again_whatever_is_delivered_later(
    plan: Plan, office: Office, ledger: Ledger
) -> None:
    first = open_door(plan, office, ledger, [tell(3)])
    assert open_door(plan, office, ledger, [tell(9)]).to_json() == first.to_json()
    assert door.recall(plan.quarter, ledger) == first
    following = open_door(example_plan("2025Q2"), office, ledger, [tell(5, "2025Q2"), tell(9)])
    assert history(following) == [("2025Q1", 9)]
    assert open_door(plan, office, ledger, []).to_json() == first.to_json()


@pytest.mark.parametrize("step", ["record_draw", "finish"])
def test_what_is_delivered_between_a_crash_and_its_mending_changes_nothing(
    plan: Plan, office: Office, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(Ledger, step, crash)
        with pytest.raises(KeyboardInterrupt):
            open_door(plan, office, ledger, [tell(3)])
    release = open_door(plan, office, ledger, [tell(9), tell(9, "2024Q4")])
    assert numbers(release, "prosecutions")[0] == (3, DECLARED_PUBLIC)
    assert not history(release)
    assert sum(entry.kind == DRAWN for entry in ledger.read_entries()) == 1


def test_the_ledger_holds_totals_with_the_draw_and_charges_nothing_for_them(
    plan: Plan, office: Office, ledger: Ledger
) -> None:
    open_door(plan, office, ledger, [tell(3)])
    charge, _, drawn, _ = ledger.read_entries()
    assert (charge.kind, drawn.kind) == (CHARGE, DRAWN)
    assert drawn.payload
    assert drawn.payload["totals"] == [tell(3).to_content()]
    assert drawn.charge.rho == plan.rho


def test_totals_that_are_not_declared_stop_the_door_before_anything_is_charged(
    plan: Plan, office: Office, ledger: Ledger
) -> None:
    with pytest.raises(PrivacyError, match="MS616"):
        open_door(plan, office, ledger, [tell(contract="courts/2")])
    assert ledger.read_entries() == ()


def test_what_was_drawn_by_a_version_without_totals_is_finished(
    plan: Plan, office: Office, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = Ledger.record_draw

    def record_as_before(self: Ledger, charge: Any, drawn: dict[str, Any]) -> Any:
        return record(self, charge, {key: drawn[key] for key in drawn if key != "totals"})

    monkeypatch.setattr(Ledger, "record_draw", record_as_before)
    release = open_door(plan, office, ledger, [])
    assert numbers(release, "prosecutions")[0] == (None, NOT_COLLECTED)


def test_the_policy_the_plan_and_the_page_of_the_officer_name_what_is_declared(plan: Plan) -> None:
    policy = load_policy()
    assert policy.public.keys() == {"courts"}
    assert policy.sources.isdisjoint(policy.public)
    assert '"public":{"courts":{"contract":"courts/1"' in plan.to_json().replace(" ", "")
    assert '"public":["courts","cases_filed"]' in plan.to_json().replace(" ", "")
    assert any("public" in text for text in policy.unprotected)


def test_a_declared_table_may_have_no_dimension(tmp_path: Path) -> None:
    policy, keys = load_small(tmp_path, SMALL + DECLARED)
    plan = make_plan("2025Q1", policy, keys, optimise(policy, keys), RULES)
    told = DeliveredTotals("courts", "courts/1", plan.quarter, {"filed": {"all": 4}})
    known = Provenance((("courts", "full"), ("hotline", "full"), ("mshp", "full")), True)
    assert check_totals(plan, [told], known) == (told,)
    content = Publisher(plan).publish(fill_cells(plan, 5), known, [told])
    release = read_release({**content, "drawn_at": "now", "ledger_head": ""})
    assert numbers(release, "filed") == [(4, DECLARED_PUBLIC)]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('public = "filed"', 'public = "filed"\nframe = "victims"', "has no frame"),
        ('public = "filed"', 'public = "filed"\nweight = 2', "has no frame"),
        ('public = "filed"', 'public = "filed"\nwithheld = "No."', "has no frame"),
        ('public = "filed"', 'public = "filed"\ncollected = true', "has no frame"),
        ('public = "filed"', "collected = false", "must have a table"),
        ('sources = ["courts"]', 'sources = ["mshp"]', "one agency of the section public"),
        ('sources = ["courts"]', 'sources = ["courts", "mshp"]', "one agency of the section"),
        ('sources = ["courts"]', "sources = []", "one agency of the section public"),
        ("[public.courts]", "[public.mshp]", "one agency of the section public"),
        ('level = "state"\ndimensions = []', 'level = "region"\ndimensions = []', "top level"),
        ("dimensions = []", 'dimensions = ["definition"]', "shown as listed"),
        ("dimensions = []", 'dimensions = ["sex", "definition"]', "at most one dimension"),
    ],
)
def test_a_declaration_that_could_let_more_through_is_refused(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    assert old in DECLARED
    with pytest.raises(PrivacyError, match=complaint):
        load_small(tmp_path, SMALL + DECLARED.replace(old, new))


def test_an_agency_is_declared_public_or_protected_and_never_both(tmp_path: Path) -> None:
    text = SMALL.replace('sources = ["hotline"]', 'sources = ["courts"]') + DECLARED
    with pytest.raises(PrivacyError, match="source of no other table"):
        load_small(tmp_path, text)


def test_one_measure_has_one_table(tmp_path: Path) -> None:
    table = DECLARED[DECLARED.index("[[tables]]") :].replace('name = "filed"', 'name = "again"')
    with pytest.raises(PrivacyError, match="show one measure"):
        load_small(tmp_path, SMALL + DECLARED + table)
