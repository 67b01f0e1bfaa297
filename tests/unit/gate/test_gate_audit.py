"""The audit: no byte of it can change, and nothing that was promised is missing."""

import json
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from gate_places import StandingClock

from gate.audit import START, AuditLog, Entry, Summary, list_files
from gate.errors import GateError


def entry(resource: str = "releases/2025Q1/data/reports.csv") -> Entry:
    return Entry("download", "token:1", "dss", "127.0.0.1", "GET", resource, 200, "", 3, "a" * 64)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def log(tmp_path: Path, clock: StandingClock) -> AuditLog:
    return AuditLog(tmp_path, clock)


def only_file(tmp_path: Path) -> Path:
    (path,) = list_files(tmp_path / "audit")
    return path


def broken(log: AuditLog) -> str:
    with pytest.raises(GateError) as caught:
        log.check()
    assert caught.value.code == "MS739"
    assert caught.value.exit_code == 8
    return caught.value.sentence


def test_rows_are_chained_and_counted(log: AuditLog, tmp_path: Path) -> None:
    hashes = log.write([entry(), entry()]) + log.write([entry()])
    rows = [json.loads(line) for line in only_file(tmp_path).read_text().splitlines()]
    assert [row["row"] for row in rows] == [1, 2, 3]
    assert [row["hash"] for row in rows] == hashes
    assert [row["previous"] for row in rows] == [START, *hashes[:2]]
    assert rows[0]["at"] == "2025-08-01T12:00:00.000Z"
    assert log.check() == Summary(3, hashes[-1])


def test_an_audit_without_rows_is_whole(log: AuditLog) -> None:
    assert log.check() == Summary(0, START)


def test_files_are_the_owners_only(log: AuditLog, tmp_path: Path) -> None:
    log.write([entry()])
    assert only_file(tmp_path).stat().st_mode & 0o777 == 0o600


def test_any_changed_byte_is_found(log: AuditLog, tmp_path: Path) -> None:
    log.write([entry(), entry("healthz")])
    path = only_file(tmp_path)
    content = path.read_bytes()
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        path.write_bytes(changed)
        broken(log)
    path.write_bytes(content)
    assert log.check().rows == 2


def test_a_row_that_was_taken_out_put_in_or_moved_is_found(log: AuditLog, tmp_path: Path) -> None:
    log.write([entry() for _ in range(4)])
    path = only_file(tmp_path)
    lines = path.read_bytes().splitlines(keepends=True)
    for changed in (
        lines[1:],
        lines[:1] + lines[2:],
        [lines[1], lines[0], *lines[2:]],
        [*lines, lines[-1]],
        [lines[0], b"\n", *lines[1:]],
        [lines[0], b"{}\n", *lines[1:]],
        [*lines, b"garbage\n"],
    ):
        path.write_bytes(b"".join(changed))
        broken(log)


def test_a_tail_that_was_cut_off_is_told_by_a_receipt(log: AuditLog, tmp_path: Path) -> None:
    hashes = log.write([entry() for _ in range(3)])
    assert log.find(hashes[2]) == 3
    path = only_file(tmp_path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2]))
    assert log.check().rows == 2
    assert log.find(hashes[1]) == 2
    for receipt in (hashes[2], START, ""):
        with pytest.raises(GateError, match="MS740"):
            log.find(receipt)


@pytest.mark.parametrize("left", range(1, 5))
def test_a_row_cut_by_a_kill_is_told_of_by_the_next_writer(
    log: AuditLog, tmp_path: Path, clock: StandingClock, left: int
) -> None:
    kept = log.write([entry(), entry()])
    path = only_file(tmp_path)
    whole = path.read_bytes()
    log.write([entry()])
    cut = path.read_bytes()[: len(whole) + left * 60]
    path.write_bytes(cut)
    assert "not finished" in broken(log)
    again = AuditLog(tmp_path, clock)
    (receipt,) = again.write([entry()])
    assert path.read_bytes().startswith(cut)
    rows = [json.loads(line) for line in path.read_bytes().splitlines()[-2:]]
    assert [row["event"] for row in rows] == ["recovered", "download"]
    assert rows[0]["previous"] == kept[1]
    assert rows[0]["size"] == left * 60 + 1
    assert again.check() == Summary(4, receipt)
    path.write_bytes(path.read_bytes().replace(cut[-20:], b"x" * 20))
    broken(again)


def test_a_row_that_lacks_only_its_end_of_line_is_kept(
    log: AuditLog, tmp_path: Path, clock: StandingClock
) -> None:
    log.write([entry(), entry()])
    path = only_file(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    again = AuditLog(tmp_path, clock)
    again.write([entry()])
    assert again.check().rows == 3


def test_kills_one_after_the_other_are_told_of_together(
    tmp_path: Path, clock: StandingClock
) -> None:
    AuditLog(tmp_path, clock).write([entry()])
    path = only_file(tmp_path)
    with path.open("ab") as file:
        file.write(b'{"row"\n\x00\x00\x00\n{"ro')
    again = AuditLog(tmp_path, clock)
    again.write([entry()])
    assert again.check().rows == 3


def test_a_first_row_cut_by_a_kill_is_told_of_too(tmp_path: Path, clock: StandingClock) -> None:
    AuditLog(tmp_path, clock).write([entry()])
    path = only_file(tmp_path)
    path.write_bytes(path.read_bytes()[:30])
    again = AuditLog(tmp_path, clock)
    again.write([entry()])
    assert again.check().rows == 2


def test_a_long_fragment_is_read_back_to_the_row_before(
    tmp_path: Path, clock: StandingClock
) -> None:
    AuditLog(tmp_path, clock).write([entry()])
    with only_file(tmp_path).open("ab") as file:
        file.write(b"\x00" * 200_000)
    again = AuditLog(tmp_path, clock)
    again.write([entry()])
    assert again.check().rows == 3


def test_a_new_month_is_a_new_file_of_the_same_chain(
    log: AuditLog, tmp_path: Path, clock: StandingClock
) -> None:
    log.write([entry()])
    clock.moment = datetime(2025, 9, 1, tzinfo=UTC)
    log.write([entry()])
    clock.moment = datetime(2025, 8, 31, tzinfo=UTC)
    log.write([entry()])
    files = list_files(tmp_path / "audit")
    assert [path.name for path in files] == ["2025-08.jsonl", "2025-09.jsonl"]
    assert AuditLog(tmp_path, clock).check().rows == 3
    files[0].unlink()
    assert "2025-09.jsonl, line 1" in broken(log)


def test_an_empty_file_of_a_new_month_does_not_hide_the_chain(
    log: AuditLog, tmp_path: Path, clock: StandingClock
) -> None:
    log.write([entry()])
    (tmp_path / "audit" / "2025-09.jsonl").touch()
    again = AuditLog(tmp_path, clock)
    again.write([entry()])
    assert again.check().rows == 2


def test_two_writers_make_one_chain(tmp_path: Path, clock: StandingClock) -> None:
    logs = [AuditLog(tmp_path, clock) for _ in range(4)]
    threads = [
        threading.Thread(target=lambda one=one: [one.write([entry(), entry()]) for _ in range(25)])
        for one in logs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert logs[0].check().rows == 200


def test_a_full_disk_is_a_sentence_and_the_rows_do_not_count(
    log: AuditLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.write([entry()])
    real = os.write

    def fill(handle: int, content: bytes) -> int:
        monkeypatch.setattr("os.write", lambda *_: 0)
        return real(handle, content[:40])

    monkeypatch.setattr("os.write", fill)
    with pytest.raises(GateError, match="MS738") as caught:
        log.write([entry()])
    assert caught.value.status == 503
    monkeypatch.setattr("os.write", real)
    log.write([entry()])
    assert log.check().rows == 3


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path, clock: StandingClock) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(GateError, match="MS738"):
        AuditLog(tmp_path / "file", clock).write([entry()])
