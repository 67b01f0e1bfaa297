"""What a delivery changes beside former ones: of incidents, of children, of cells."""

from pathlib import Path

import pytest
from sources_builders import (
    CELLS,
    QUARTER,
    child_line,
    child_lines,
    counts_lines,
    deliver,
    description,
    incident,
    make_zones,
    segment,
    text_of,
)

from sources.contracts import current_contract
from sources.delivery_changes import DeliveryChanges, compare_deliveries
from sources.ingest import ingest
from sources.zones import Zones

FIRST = [line for number in range(40) for line in incident(f"I{number}")]


@pytest.fixture
def zones(tmp_path: Path) -> Zones:
    return make_zones(tmp_path)


def compare(
    zones: Zones, agency: str, former: list[str], now: list[str], kind: str
) -> DeliveryChanges:
    role = {"mshp": "nibrs", "dss": "child_file"}[agency]
    for sequence, lines in enumerate((former, now), start=1):
        deliver(
            zones,
            agency,
            {role: (f"{role}.txt", text_of(lines))},
            sequence=sequence,
            kind=kind if sequence == 2 else "full",
        )
        ingest(zones, agency, QUARTER)
    raw = zones.vault.raw(agency, QUARTER).parent
    return compare_deliveries(raw, current_contract(agency), QUARTER, 2)


def found(changes: DeliveryChanges) -> dict[tuple[str, str], int]:
    return {
        (one.change, one.history): one.total
        for one in changes.histories
        if one.change != "unchanged"
    }


def delta(zones: Zones, *lines: str) -> DeliveryChanges:
    return compare(zones, "mshp", FIRST, list(lines), "delta")


@pytest.mark.parametrize(
    ("lines", "change", "history", "children"),
    [
        (incident("N"), "new", "reported for the first time", 1),
        (incident("N", l4_age_of_victim="30"), "new", "reported for the first time", 0),
        (incident("N", l4_age_of_victim="1617"), "new", "reported for the first time", 1),
        (incident("N", l4_age_of_victim="1618"), "new", "reported for the first time", 0),
        (incident("N", l4_age_of_victim="NN"), "new", "reported for the first time", 1),
        (incident("N", l4_age_of_victim="00"), "new", "reported for the first time", 0),
        ([segment("1", "I3", segment_action_type="D")], "deleted", "deleted", 1),
        (
            [segment("1", "I3", segment_action_type="D"), *incident("I3", l4_age_of_victim="12")],
            "corrected",
            "deleted and reported anew",
            1,
        ),
        (
            incident(
                "I3",
                **{f"l{level}_segment_action_type": "R" for level in "123456"},
                l4_sex_of_victim="M",
            ),
            "corrected",
            "replaced by a new report",
            1,
        ),
        (
            [segment("4", "I3", segment_action_type="A", victim_sequence_number="002")],
            "corrected",
            "single segments are changed",
            2,
        ),
        (
            [segment("4", "I3", segment_action_type="D")],
            "corrected",
            "single segments are changed",
            1,
        ),
        (incident("I3", l1_incident_hour="11"), "corrected", "reported again", 1),
    ],
)
def test_what_a_delta_does_to_an_incident(
    zones: Zones, lines: list[str], change: str, history: str, children: int
) -> None:
    changes = delta(zones, *lines)
    assert found(changes) == {(change, history): 1}
    assert changes.children == children
    assert changes.children_by_agency == ({"MO0100000": children} if children else {})


@pytest.mark.parametrize(
    "lines",
    [
        incident("I3"),
        [segment("1", "I3", segment_action_type="D"), *incident("I3")],
        incident("I3", **{f"l{level}_month_of_submission": "03" for level in "123456"}),
        [segment("6", "X", segment_action_type="W")],
    ],
)
def test_a_report_that_says_the_same_changes_nothing(zones: Zones, lines: list[str]) -> None:
    changes = delta(zones, *lines)
    assert found(changes) == {}
    assert (changes.count("unchanged"), changes.children) == (40, 0)


def test_a_deletion_of_nothing_has_no_effect(zones: Zones) -> None:
    changes = delta(zones, segment("1", "X", segment_action_type="D"), *incident("N"))
    assert found(changes)[("no effect", "deleted")] == 1


def test_a_full_delivery_leaves_out_what_it_does_not_hold(zones: Zones) -> None:
    changes = compare(zones, "mshp", FIRST, FIRST[12:] + incident("N"), "full")
    assert found(changes) == {
        ("left out", "delivered before, left out now"): 2,
        ("new", "reported for the first time"): 1,
    }
    assert (changes.count("unchanged"), changes.children) == (38, 3)


def test_an_ori_that_is_not_the_states_is_not_told(zones: Zones) -> None:
    ori = {f"l{level}_ori": "KS0100000" for level in "123456"}
    changes = delta(zones, *incident("N", **ori), *incident("M"))
    assert changes.children_by_agency == {"MO0100000": 1, "elsewhere": 1}


def test_children_of_a_child_file_are_counted_once(zones: Zones) -> None:
    now = [
        *child_lines(30)[:-1],
        child_line(rptid="NEW1", chid="CHILD0000003"),
        child_line(rptid="NEW2", chid="CHILD0000003"),
        child_line(rptid="REPORT000004", chid="CHILD0000004", chsex="1"),
    ]
    changes = compare(zones, "dss", child_lines(30), now, "full")
    assert found(changes) == {
        ("left out", "delivered before, left out now"): 1,
        ("new", "reported for the first time"): 2,
        ("corrected", "reported again"): 1,
    }
    assert (changes.unit, changes.children, changes.children_by_agency) == ("records", 3, {})


def test_cells_of_the_hotline_are_compared(zones: Zones) -> None:
    import json

    counts = counts_lines()
    for sequence in (1, 2):
        files = {
            "datapackage": ("datapackage.json", json.dumps(description()).encode()),
            "counts": ("counts.csv", text_of(counts)),
        }
        deliver(zones, "hotline", files, sequence=sequence)
        ingest(zones, "hotline", QUARTER)
        counts = [line.replace(",5", ",6") for line in counts]
    raw = zones.vault.raw("hotline", QUARTER).parent
    changes = compare_deliveries(raw, current_contract("hotline"), QUARTER, 2)
    assert found(changes) == {("corrected", "reported again"): 1}
    assert changes.count("unchanged") == len(CELLS) - 1
