"""What a delivery changes beside former ones: of incidents, of children, of cells."""

from collections import Counter
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


def ori(number: int) -> str:
    return f"MO01{number:05d}"


def of(number: int, name: str = "I", **values: str) -> list[str]:
    """An incident of a police agency of its own."""
    own = {f"l{level}_ori": ori(number) for level in "123456"}
    return incident(f"{name}{number}", **own | values)


def one(level: str, number: int, action: str, **values: str) -> str:
    return segment(level, f"I{number}", segment_action_type=action, ori=ori(number), **values)


FIRST = [line for number in range(30) for line in of(number)]


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
        (history.change, history.history): history.total
        for history in changes.histories
        if history.change != "unchanged"
    }


def delta(zones: Zones, *lines: str) -> DeliveryChanges:
    return compare(zones, "mshp", FIRST, list(lines), "delta")


NEW = ("new", "reported for the first time")
SINGLE = ("corrected", "single segments are changed")
REPLACED = {f"l{level}_segment_action_type": "R" for level in "123456"}
LATER = {f"l{level}_month_of_submission": "03" for level in "123456"}

# Lines about one incident, what becomes of it, and how many children that touches.
CASES: list[tuple[list[str], tuple[str, str] | None, int]] = [
    (of(100, "N"), NEW, 1),
    (of(101, "N", l4_age_of_victim="30"), NEW, 0),
    (of(102, "N", l4_age_of_victim="1617"), NEW, 1),
    (of(103, "N", l4_age_of_victim="1618"), NEW, 0),
    (of(104, "N", l4_age_of_victim="NN"), NEW, 1),
    (of(105, "N", l4_age_of_victim="00"), NEW, 0),
    ([one("1", 0, "D")], ("deleted", "deleted"), 1),
    (
        [one("1", 1, "D"), *of(1, l4_age_of_victim="12")],
        ("corrected", "deleted and reported anew"),
        1,
    ),
    (of(2, **REPLACED, l4_sex_of_victim="M"), ("corrected", "replaced by a new report"), 1),
    ([one("4", 3, "A", victim_sequence_number="002")], SINGLE, 2),
    ([one("4", 4, "D")], SINGLE, 1),
    (of(5, l1_incident_hour="11"), ("corrected", "reported again"), 1),
    ([one("1", 200, "D")], ("no effect", "deleted"), 0),
    (of(6), None, 0),
    ([one("1", 7, "D"), *of(7)], None, 0),
    (of(8, **LATER), None, 0),
    ([one("6", 300, "W")], None, 0),
]


def test_what_a_delta_does_to_incidents_and_how_many_children_that_touches(zones: Zones) -> None:
    changes = delta(zones, *(line for lines, _, _ in CASES for line in lines))
    assert found(changes) == Counter(becomes for _, becomes, _ in CASES if becomes)
    assert changes.children_by_agency == {
        lines[0][16:25]: children for lines, _, children in CASES if children
    }
    assert changes.children == sum(children for _, _, children in CASES)


def test_a_full_delivery_leaves_out_what_it_does_not_hold(zones: Zones) -> None:
    changes = compare(zones, "mshp", FIRST, FIRST[12:] + of(100), "full")
    assert found(changes) == {
        ("left out", "delivered before, left out now"): 2,
        ("new", "reported for the first time"): 1,
    }
    assert (changes.count("unchanged"), changes.children) == (28, 3)


def test_an_ori_that_is_not_the_states_is_not_told(zones: Zones) -> None:
    elsewhere = {f"l{level}_ori": "KS0100000" for level in "123456"}
    changes = delta(zones, *incident("N", **elsewhere), *incident("M"))
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
