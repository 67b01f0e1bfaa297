"""What is particular to a ledger in a file."""

import os
import sqlite3
import stat
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from ledger_examples import CAPS, draw, example_charge, signed
from ledger_places import run_sql

from privacy.errors import PrivacyError
from privacy.ledger.chain import GENESIS, Entry
from privacy.ledger.ledger import Ledger
from privacy.ledger.sqlite import _SqliteRows


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ledger" / "ledger.sqlite"
    Ledger.create(path)
    return path


@pytest.fixture
def drawn(path: Path) -> Ledger:
    ledger = Ledger(path)
    draw(ledger)
    return ledger


def test_a_new_ledger_is_readable_by_its_owner_only(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.with_name("ledger.sqlite.lock").stat().st_mode) == 0o600


def test_a_ledger_half_made_is_made_again(tmp_path: Path) -> None:
    draft = tmp_path / ".ledger.sqlite.0011.draft"
    draft.mkdir()
    (draft / "ledger.sqlite").write_text("half")
    assert Ledger.create(tmp_path / "ledger.sqlite").verify() == GENESIS
    assert not draft.exists()


def test_a_ledger_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PrivacyError, match="MS627"):
        Ledger.create(tmp_path / "file" / "ledger.sqlite")


def test_a_missing_ledger_leaves_its_folder_empty(tmp_path: Path) -> None:
    with pytest.raises(PrivacyError, match="MS620"):
        Ledger(tmp_path / "ledger.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_that_others_can_open_is_refused(path: Path) -> None:
    path.chmod(0o640)
    with pytest.raises(PrivacyError, match="MS623"):
        Ledger(path)


def test_a_ledger_moved_away_while_open_is_a_sentence(path: Path) -> None:
    ledger = Ledger(path)
    path.unlink()
    with pytest.raises(PrivacyError, match="MS620"):
        ledger.read_entries()


def test_a_lock_that_cannot_be_taken_is_a_sentence(path: Path) -> None:
    lock = path.with_name("ledger.sqlite.lock")
    lock.unlink()
    lock.mkdir()
    with pytest.raises(PrivacyError, match="MS627"), Ledger(path).lock():
        pytest.fail("the lock was taken")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT OR REPLACE INTO entries VALUES (4, 'drawn', 'p', 'q', '{}', 'h')",
        "INSERT OR REPLACE INTO entries SELECT number, kind, plan, previous, '', hash FROM entries",
    ],
)
def test_a_replacement_is_a_change(drawn: Ledger, path: Path, statement: str) -> None:
    before = drawn.read_entries()
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        run_sql(path, statement)
    assert drawn.read_entries() == before


def test_a_trigger_taken_away_is_found(drawn: Ledger, path: Path) -> None:
    run_sql(path, "DROP TRIGGER entries_are_never_changed")
    with pytest.raises(PrivacyError, match=r"MS622.*triggers"):
        drawn.verify()


def reads_as(ledger: Ledger, expected: tuple[Entry, ...]) -> bool:
    """Whether the ledger is believed; it must then say what was written."""
    try:
        entries = ledger.read_entries()
    except PrivacyError:
        return False
    assert entries == expected
    return True


def test_any_byte_changed_is_refused_or_changes_nothing_that_is_read(
    drawn: Ledger, path: Path
) -> None:
    whole = path.read_bytes()
    expected = drawn.read_entries()
    used = [position for position, byte in enumerate(whole) if byte]
    refused = 0
    for position in (*used[::3], *range(0, len(whole), 211)):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x21]) + whole[position + 1 :])
        refused += not reads_as(drawn, expected)
    assert refused > len(used) / 6


def test_every_byte_of_an_entry_is_guarded(drawn: Ledger, path: Path) -> None:
    whole = path.read_bytes()
    start = whole.index(b'{"at":')
    for position in range(start, start + 200):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        with pytest.raises(PrivacyError, match="MS622"):
            drawn.verify()


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    ledger = Ledger(path)
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(PrivacyError, match="MS622"):
        ledger.verify()


def test_an_older_copy_put_back_is_found_by_the_head_in_a_release(
    drawn: Ledger, path: Path
) -> None:
    older = path.read_bytes()
    head = drawn.charge(example_charge("2025Q2", "b"), CAPS, signed("b")).hash
    assert drawn.verify([head]) == head
    path.write_bytes(older)
    with pytest.raises(PrivacyError, match="MS628"):
        drawn.verify([head])


def test_a_ledger_held_by_another_program_is_a_sentence(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(path)
    monkeypatch.setattr("privacy.ledger.sqlite._PATIENCE_SECONDS", 0)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(PrivacyError, match="MS627"):
            ledger.charge(example_charge(), CAPS, signed())
    assert ledger.read_entries() == ()


def test_who_waits_for_another_process_is_told_at_once_for_whom(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    order: list[str] = []

    def second() -> None:
        with Ledger(path).lock():
            order.append("second")

    waiting = threading.Thread(target=second)
    with Ledger(path).lock():
        waiting.start()
        while not caplog.messages:
            time.sleep(0.01)
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]
    assert f"is held by moshare, process {os.getpid()} on " in caplog.text


def test_a_lock_that_is_not_let_go_of_is_a_sentence_also_where_nobody_signed_it(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path.with_name("ledger.sqlite.lock").write_bytes(b"")
    monkeypatch.setattr(os, "pwrite", fail)
    monkeypatch.setattr("privacy.ledger.sqlite.DOOR_SECONDS", 0.3)
    with (
        Ledger(path).lock(),
        pytest.raises(PrivacyError, match=r"MS633.*held by another process"),
        Ledger(path).lock(),
    ):
        pytest.fail("two have the lock")
    assert len(caplog.messages) == 1


def test_a_transaction_that_sqlite_took_back_by_itself_is_told_as_a_full_disk(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL

    def fail(rows: _SqliteRows, _: object) -> None:
        rows._connection.execute("ROLLBACK")
        raise full

    monkeypatch.setattr(_SqliteRows, "append", fail)
    with pytest.raises(PrivacyError, match=r"MS627.*room"):
        Ledger(path).charge(example_charge(), CAPS, signed())
    assert Ledger(path).read_entries() == ()
