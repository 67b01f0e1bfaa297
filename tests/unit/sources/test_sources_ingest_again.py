"""What a second ingest of a quarter does: the same delivery, a later one, a stale one."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sources_builders import (
    QUARTER,
    child_line,
    child_lines,
    deliver,
    deliver_children,
    list_files,
    make_zones,
    refuse,
    text_of,
)

from sources.errors import SourcesError
from sources.ingest import ingest
from sources.receipt_text import say_receipt
from sources.receipts import Receipt
from sources.zones import Zones


@pytest.fixture
def zones(tmp_path: Path) -> Zones:
    return make_zones(tmp_path)


def test_ingesting_an_accepted_delivery_again_changes_nothing(zones: Zones) -> None:
    deliver_children(zones, [*child_lines(30), child_line(chsex="5")])
    first = ingest(zones, "dss", QUARTER)
    before = list_files(zones.vault.folder) | list_files(zones.landing)
    second = ingest(zones, "dss", QUARTER)
    assert second.status == "already accepted"
    assert (second.files, second.problems) == (first.files, first.problems)
    assert list_files(zones.vault.folder) | list_files(zones.landing) == before


def test_the_same_rejected_delivery_is_kept_once_and_may_be_corrected(zones: Zones) -> None:
    folder = deliver_children(zones, child_lines(3))
    (folder / "child_file.txt").write_bytes(b"A" * 1017)
    refuse(zones)
    before = list_files(zones.vault.folder) | list_files(zones.landing)
    refuse(zones)
    assert list_files(zones.vault.folder) | list_files(zones.landing) == before
    (folder / "child_file.txt").write_bytes(b"B" * 1017)
    refuse(zones)
    assert (zones.vault.quarantine("dss", QUARTER) / "0001-2").is_dir()
    deliver_children(zones, child_lines(3))
    assert ingest(zones, "dss", QUARTER).status == "accepted"


def test_a_later_delivery_lies_beside_the_earlier_one(zones: Zones) -> None:
    deliver_children(zones, child_lines(3))
    ingest(zones, "dss", QUARTER)
    deliver_children(zones, child_lines(2), sequence=7, kind="delta")
    assert ingest(zones, "dss", QUARTER).sequence == 7
    assert sorted(path.name for path in zones.vault.raw("dss", QUARTER).iterdir()) == [
        "0001",
        "0007",
    ]


@pytest.mark.parametrize(
    ("code", "sequence", "count"), [("MS115", 7, 2), ("MS114", 6, 3), ("MS115", 3, 2)]
)
def test_a_stale_or_changed_delivery_replaces_nothing(
    zones: Zones, code: str, sequence: int, count: int
) -> None:
    for accepted in (3, 7):
        deliver_children(zones, child_lines(3), sequence=accepted)
        ingest(zones, "dss", QUARTER)
    before = list_files(zones.vault.folder / "raw")
    deliver_children(zones, child_lines(count), sequence=sequence)
    with pytest.raises(SourcesError) as caught:
        ingest(zones, "dss", QUARTER)
    assert caught.value.code == code
    assert list_files(zones.vault.folder / "raw") == before


def test_concurrent_ingests_accept_a_delivery_once(zones: Zones) -> None:
    deliver_children(zones, child_lines(30))
    with ThreadPoolExecutor(4) as pool:
        receipts = list(pool.map(lambda _: ingest(zones, "dss", QUARTER), range(4)))
    assert sorted(receipt.status for receipt in receipts) == [
        "accepted",
        *["already accepted"] * 3,
    ]
    assert len(list_files(zones.vault.folder / "raw")) == 3


def test_two_quarters_do_not_touch_each_other(zones: Zones) -> None:
    deliver_children(zones, child_lines(1))
    deliver_children(zones, child_lines(1), quarter="2025Q2")
    ingest(zones, "dss", "2025Q2")
    assert not zones.vault.raw("dss", QUARTER).exists()
    assert ingest(zones, "dss", QUARTER).status == "accepted"


def test_a_gap_in_the_sequence_is_named_and_the_delivery_taken(zones: Zones) -> None:
    deliver_children(zones, child_lines(3))
    assert ingest(zones, "dss", QUARTER).remarks == ()
    deliver_children(zones, child_lines(2), sequence=3, kind="delta")
    receipt = ingest(zones, "dss", QUARTER)
    assert receipt.status == "accepted"
    (remark,) = receipt.remarks
    assert remark.startswith("MS128: This delivery has sequence 3, and the one before it, 2, ")
    assert remark in say_receipt(receipt)
    assert ingest(zones, "dss", QUARTER).remarks == receipt.remarks


def test_a_delta_without_a_full_delivery_before_it_is_named(zones: Zones) -> None:
    for sequence, kind, named in (
        (1, "delta", True),
        (2, "delta", True),
        (3, "nil", False),
        (4, "delta", False),
    ):
        lines = [] if kind == "nil" else child_lines(1)
        files = {} if kind == "nil" else {"child_file": ("child_file.txt", text_of(lines))}
        deliver(zones, "dss", files, sequence=sequence, kind=kind)
        remarks = ingest(zones, "dss", QUARTER).remarks
        assert [remark[:5] for remark in remarks] == (["MS129"] if named else []), sequence


def test_a_receipt_written_before_remarks_were_made_is_still_read(zones: Zones) -> None:
    deliver_children(zones, child_lines(1))
    receipt = ingest(zones, "dss", QUARTER)
    document = json.loads(receipt.to_json())
    del document["remarks"]
    assert Receipt.from_json(json.dumps(document)) == receipt
