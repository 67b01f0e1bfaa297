"""A delivery unlike the quarters before is accepted, and its receipt says what is unlike."""

from pathlib import Path

import pytest
from sources_builders import (
    QUARTER,
    child_line,
    child_lines,
    deliver,
    deliver_children,
    incident,
    make_zones,
    text_of,
)

from sources.contracts import current_contract, list_agencies
from sources.ingest import ingest
from sources.receipts import Receipt
from sources.zones import Zones


@pytest.fixture
def zones(tmp_path: Path) -> Zones:
    return make_zones(tmp_path)


def take(zones: Zones, quarter: str, lines: list[str], **options: object) -> Receipt:
    deliver_children(zones, lines, quarter=quarter, **options)
    return ingest(zones, "dss", quarter)


def take_usual(zones: Zones, *quarters: str) -> None:
    for quarter in quarters:
        assert take(zones, quarter, child_lines(60)).unlike == ()


def codes(receipt: Receipt) -> list[str]:
    assert receipt.status == "accepted"
    return [sentence.partition(":")[0] for sentence in receipt.unlike]


def test_with_one_quarter_before_nothing_is_unusual(zones: Zones) -> None:
    take_usual(zones, "2024Q4")
    assert codes(take(zones, QUARTER, child_lines(5))) == []


@pytest.mark.parametrize(
    ("lines", "said"), [(20, ["MS151"]), (31, []), (119, []), (130, ["MS151"])]
)
def test_half_or_twice_as_many_lines_are_unlike(zones: Zones, lines: int, said: list[str]) -> None:
    take_usual(zones, "2024Q3", "2024Q4")
    receipt = take(zones, QUARTER, child_lines(lines))
    assert codes(receipt) == said
    assert not any(str(number) in sentence for sentence in receipt.unlike for number in (60, lines))


def test_small_numbers_double_by_chance(zones: Zones) -> None:
    for quarter in ("2024Q3", "2024Q4"):
        take(zones, quarter, child_lines(4))
    assert codes(take(zones, QUARTER, child_lines(15))) == []


def test_more_unknowns_are_unlike(zones: Zones) -> None:
    take_usual(zones, "2024Q3", "2024Q4")
    unknown = [child_line(chid=f"U{n}", chage="99", chbdate="") for n in range(25)]
    receipt = take(zones, QUARTER, [*child_lines(40), *unknown])
    assert codes(receipt) == ["MS152"]
    assert "child_file.chage" in receipt.unlike[0]


def test_a_code_that_no_quarter_before_had_is_unlike(zones: Zones) -> None:
    take_usual(zones, "2024Q3", "2024Q4")
    receipt = take(zones, QUARTER, [*child_lines(59), child_line(chid="N", rptdisp="05")])
    assert codes(receipt) == ["MS153"]
    assert "child_file.rptdisp" in receipt.unlike[0]
    assert codes(take(zones, "2025Q2", [*child_lines(59), child_line(rptdisp="05")])) == []


def test_deltas_nil_deliveries_and_later_quarters_are_not_what_is_usual(zones: Zones) -> None:
    take_usual(zones, "2024Q3", "2024Q4")
    take(zones, "2024Q4", child_lines(1), kind="delta", sequence=2)
    take(zones, "2026Q1", child_lines(1))
    deliver(zones, "dss", {}, kind="nil", quarter="2024Q2")
    ingest(zones, "dss", "2024Q2")
    assert codes(take(zones, QUARTER, child_lines(60))) == []
    assert codes(take(zones, QUARTER, child_lines(1), kind="delta", sequence=2)) == []


def test_police_files_are_held_against_the_quarters_before_too(zones: Zones) -> None:
    for number, quarter in enumerate(("2024Q3", "2024Q4", QUARTER)):
        count = 60 if number < 2 else 20
        lines = [line for n in range(count) for line in incident(f"I{n}")]
        deliver(zones, "mshp", {"nibrs": ("nibrs.txt", text_of(lines))}, quarter=quarter)
        receipt = ingest(zones, "mshp", quarter)
    assert codes(receipt) == ["MS151", "MS151"]


def test_what_is_watched_is_what_the_contract_keeps() -> None:
    for agency in list_agencies():
        contract = current_contract(agency)
        watched = contract.watched
        assert set(watched.volume) <= set(contract.tables)
        for place in (*watched.unknown, *watched.codes):
            table, _, field = place.partition(".")
            assert field in contract.tables[table], place
