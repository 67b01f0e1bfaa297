import os
import shutil
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from orchestration.hub.errors import OrchestrationError
from orchestration.steps import delivering
from orchestration.steps.delivering import Delivery, deliver
from sources import collecting
from sources.errors import SourcesError
from sources.landing import hold_alone
from sources.manifest import parse_manifest
from sources.waiting import is_newer_than_receipts

QUARTER = "2025Q1"


def said(agency: str = "mshp", quarter: str = QUARTER, kind: str = "full") -> Delivery:
    return Delivery(agency, quarter, kind, 1, date(2025, 4, 5))


@pytest.fixture
def nibrs(tmp_path: Path) -> Path:
    path = tmp_path / "nibrs.txt"
    path.write_text("a line\n", "ascii")
    return path


def test_files_lie_beside_their_manifest_and_nothing_else_does(tmp_path: Path, nibrs: Path) -> None:
    folder = deliver(tmp_path / "inbox", said(), {"nibrs": nibrs})
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "nibrs.txt"]


def test_a_file_that_lies_in_the_inbox_already_is_sealed_there(tmp_path: Path) -> None:
    inside = tmp_path / "inbox" / "mshp" / QUARTER / "nibrs.txt"
    inside.parent.mkdir(parents=True)
    inside.write_text("a line\n", "ascii")
    folder = deliver(tmp_path / "inbox", said(), {"nibrs": inside})
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "nibrs.txt"]
    assert inside.read_text("ascii") == "a line\n"


@pytest.mark.parametrize(
    ("code", "delivery", "files"),
    [
        ("MS107", said(), {"nibs": "nibrs.txt"}),
        ("MS108", said(), {}),
        ("MS108", said(kind="nil"), {"nibrs": "nibrs.txt"}),
        ("MS908", said(), {"nibrs": "nowhere.txt"}),
        ("MS117", said(), {"nibrs": "binary.txt"}),
    ],
)
def test_a_refused_delivery_leaves_the_one_before_it_in_the_inbox(
    tmp_path: Path, nibrs: Path, code: str, delivery: Delivery, files: dict[str, str]
) -> None:
    folder = deliver(tmp_path / "inbox", said(), {"nibrs": nibrs})
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    nibrs.write_text("another line\n", "ascii")
    (tmp_path / "binary.txt").write_bytes(bytes(2 << 20))
    with pytest.raises((SourcesError, OrchestrationError), match=code):
        deliver(
            tmp_path / "inbox", delivery, {role: tmp_path / name for role, name in files.items()}
        )
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("code", "delivery"),
    [("MS119", said(agency="patrol")), ("MS118", said(quarter="2025-Q1"))],
)
def test_an_inbox_that_nobody_reads_is_not_made(
    tmp_path: Path, nibrs: Path, code: str, delivery: Delivery
) -> None:
    with pytest.raises(SourcesError, match=code):
        deliver(tmp_path / "inbox", delivery, {"nibrs": nibrs})
    assert not (tmp_path / "inbox").exists()


def test_an_unknown_role_is_answered_with_those_of_the_contract(
    tmp_path: Path, nibrs: Path
) -> None:
    with pytest.raises(SourcesError, match=r"nibrs, tokens \(optional\)"):
        deliver(tmp_path / "inbox", said(), {"nibs": nibrs})


def write_receipt(tmp_path: Path, folder: Path, *, seconds_after: int) -> None:
    """A receipt that the hub wrote some seconds after the manifest."""
    outbox = tmp_path / "outbox" / "mshp"
    outbox.mkdir(parents=True, exist_ok=True)
    receipt = outbox / f"{QUARTER}-0001-rejected-1.json"
    receipt.write_text("{}", "ascii")
    moment = (folder / "manifest.json").stat().st_mtime + seconds_after
    os.utime(receipt, (moment, moment))


def test_a_waiting_delivery_is_not_overwritten_by_the_next(tmp_path: Path, nibrs: Path) -> None:
    folder = deliver(tmp_path / "inbox", said(), {"nibrs": nibrs})
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    write_receipt(tmp_path, folder, seconds_after=-60)
    nibrs.write_text("another line\n", "ascii")
    with pytest.raises(SourcesError, match="MS127"):
        deliver(tmp_path / "inbox", replace(said(), sequence=2), {"nibrs": nibrs})
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_delivery_that_has_its_receipt_makes_room_for_the_next(
    tmp_path: Path, nibrs: Path
) -> None:
    folder = deliver(tmp_path / "inbox", said(), {"nibrs": nibrs})
    write_receipt(tmp_path, folder, seconds_after=60)
    deliver(tmp_path / "inbox", replace(said(), sequence=2), {"nibrs": nibrs})
    assert '"sequence": 2' in (folder / "manifest.json").read_text()


def test_a_waiting_delivery_may_be_put_there_once_more(tmp_path: Path, nibrs: Path) -> None:
    folder = deliver(tmp_path / "inbox", said(), {"nibrs": nibrs})
    (folder / "nibrs.txt").write_text("damaged", "ascii")
    deliver(tmp_path / "inbox", said(), {"nibrs": nibrs})
    assert (folder / "nibrs.txt").read_text() == "a line\n"


def test_a_delivery_that_comes_while_another_is_put_there_replaces_none_of_it(
    tmp_path: Path, nibrs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    move = delivering._move

    def move_late(aside: Path, folder: Path) -> None:
        (tmp_path / "other").mkdir()
        other = tmp_path / "other" / "nibrs.txt"
        other.write_text("another line\n", "ascii")
        with monkeypatch.context() as patch:
            patch.setattr(delivering, "_move", move)
            with pytest.raises(SourcesError, match="MS127"):
                deliver(tmp_path / "inbox", said(), {"nibrs": other})
        move(aside, folder)

    monkeypatch.setattr(delivering, "_move", move_late)
    folder = deliver(tmp_path / "inbox", said(), {"nibrs": nibrs})
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "nibrs.txt"]
    assert (folder / "nibrs.txt").read_text("ascii") == "a line\n"


def test_what_is_put_there_while_the_one_before_is_taken_out_is_refused_or_stays(
    tmp_path: Path, nibrs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub reads what it removes first, and a delivery may hold a file of the one before."""
    folder = deliver(tmp_path / "inbox", said(), {"nibrs": nibrs})
    accepted = shutil.copytree(folder, tmp_path / "accepted")
    manifest = parse_manifest((folder / "manifest.json").read_bytes(), "mshp", QUARTER)
    write_receipt(tmp_path, folder, seconds_after=1)
    read, refused = collecting._read_digest, []

    def read_late(inbox: int, name: str) -> str:
        digest = read(inbox, name)
        if name == "manifest.json":
            try:
                deliver(tmp_path / "inbox", replace(said(), sequence=2), {"nibrs": nibrs})
            except SourcesError as error:
                refused.append(error.code)
        return digest

    monkeypatch.setattr(collecting, "_read_digest", read_late)
    collecting.take_out(folder, accepted, manifest)
    assert refused == ["MS127"]
    assert list(folder.iterdir()) == []
    deliver(tmp_path / "inbox", replace(said(), sequence=2), {"nibrs": nibrs})
    with hold_alone(folder):
        collecting.take_out(folder, accepted, manifest)
    assert len(list(folder.iterdir())) == 2


def test_a_delivery_is_newer_than_a_receipt_that_was_written_while_it_was_made(
    tmp_path: Path, nibrs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise it would seem to have that receipt: never be taken in, and be replaced unread."""
    outbox, move = tmp_path / "outbox" / "mshp", delivering._move

    def move_late(aside: Path, folder: Path) -> None:
        outbox.mkdir(parents=True)
        (outbox / f"{QUARTER}-0001-accepted.json").write_text("{}", "ascii")
        move(aside, folder)

    monkeypatch.setattr(delivering, "_move", move_late)
    folder = deliver(tmp_path / "inbox", replace(said(), sequence=2), {"nibrs": nibrs})
    assert is_newer_than_receipts(folder / "manifest.json", outbox)


def test_a_delivery_that_was_copied_with_its_old_time_is_newer_than_the_receipt_before(
    tmp_path: Path, nibrs: Path
) -> None:
    folder = deliver(tmp_path / "elsewhere", said(), {"nibrs": nibrs})
    outbox = tmp_path / "outbox" / "mshp"
    outbox.mkdir(parents=True)
    (outbox / f"{QUARTER}-0001-rejected-1.json").write_text("{}", "ascii")
    time.sleep(0.05)
    copied = shutil.copytree(folder, tmp_path / "inbox" / "mshp" / QUARTER)
    assert is_newer_than_receipts(copied / "manifest.json", outbox)
