"""Rows in groups."""

import asyncio
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from gate_places import StandingClock, read_rows

from gate.audit import AuditLog, Entry
from gate.errors import GateError
from gate.recording import LARGEST_GROUP, Recorder

ENTRY = Entry("list", "token:1", "dss", "127.0.0.1", "GET", "api/v1/releases", 200, "", 0, "")


class NotingLog(AuditLog):
    """Notes how many rows went in each group."""

    groups: list[int]

    def write(self, entries):
        self.groups.append(len(entries))
        return super().write(entries)


@pytest.fixture
def log(tmp_path: Path) -> NotingLog:
    log = NotingLog(tmp_path, StandingClock())
    log.groups = []
    return log


def test_many_answers_share_few_visits_to_the_disk_and_each_gets_its_row(log: NotingLog) -> None:
    recorder = Recorder(log)

    async def record_many() -> list[str]:
        return await asyncio.gather(*(recorder.record(ENTRY) for _ in range(1000)))

    receipts = asyncio.run(record_many())
    recorder.close()
    assert len(set(receipts)) == 1000
    assert log.check().rows == 1000
    assert len(log.groups) < 500
    assert max(log.groups) <= LARGEST_GROUP
    assert [log.find(receipt) for receipt in receipts[:3]] == [1, 2, 3]


@pytest.mark.parametrize("failure", [GateError("MS738"), RuntimeError("anything")])
def test_a_group_that_was_not_written_fails_each_of_its_answers(
    log: NotingLog, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    recorder = Recorder(log)
    monkeypatch.setattr(log, "write", lambda _: (_ for _ in ()).throw(failure))

    async def record_two() -> list[object]:
        tasks = [recorder.record(ENTRY) for _ in range(2)]
        return await asyncio.gather(*tasks, return_exceptions=True)

    outcomes = asyncio.run(record_two())
    recorder.close()
    assert [getattr(one, "code", None) for one in outcomes] == ["MS738", "MS738"]


def test_what_waits_is_written_before_the_end(log: NotingLog) -> None:
    recorder = Recorder(log)

    async def leave_waiting() -> None:
        task = asyncio.ensure_future(recorder.record(ENTRY))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(leave_waiting())
    recorder.close()
    assert log.check().rows == 1


def test_an_answer_whose_loop_is_gone_does_not_stop_the_next(log: NotingLog) -> None:
    recorder = Recorder(log)
    loop = asyncio.new_event_loop()
    future = loop.create_future()
    loop.close()
    recorder._waiting.put((ENTRY, loop, future))
    assert asyncio.run(recorder.record(ENTRY))
    recorder.close()

    async def record_in_one_group() -> str:
        running = asyncio.get_running_loop()
        alive = running.create_future()
        recorder._write([(ENTRY, loop, future), (ENTRY, running, alive)])
        return await alive

    assert asyncio.run(record_in_one_group())
    assert log.check().rows == 4


HASTE = Entry("refusals", "anonymous", "", "192.0.2.7", "", "", 429, "MS725", 0, "")


def wait_for_rows(log: NotingLog, count: int) -> None:
    for _ in range(500):
        if log.check().rows >= count:
            return
        threading.Event().wait(0.01)
    raise AssertionError("the rows were not written")


def test_what_is_added_up_is_written_when_its_time_is_over_even_if_nobody_asks(
    log: NotingLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gate.recording.SUM_SECONDS", 0.05)
    recorder = Recorder(log)
    for _ in range(7):
        recorder.add_up(HASTE)
    wait_for_rows(log, 1)
    assert sum(row["count"] for row in read_rows(tmp_path)) == 7
    recorder.add_up(HASTE)
    wait_for_rows(log, 2)
    recorder.close()


def test_what_is_added_up_is_written_when_the_gate_stops(log: NotingLog, tmp_path: Path) -> None:
    recorder = Recorder(log)
    recorder.add_up(HASTE)
    recorder.add_up(HASTE)
    recorder.add_up(replace(HASTE, address="192.0.2.8"))
    recorder.close()
    assert sorted(row["count"] for row in read_rows(tmp_path)) == [1, 2]


def test_what_the_disk_does_not_take_is_added_up_further(
    log: NotingLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gate.recording.SUM_SECONDS", 0.02)
    with monkeypatch.context() as full:
        full.setattr(log, "write", lambda _: (_ for _ in ()).throw(GateError("MS738")))
        recorder = Recorder(log)
        recorder.add_up(HASTE)
        threading.Event().wait(0.1)
        recorder.add_up(HASTE)
    recorder.close()
    assert sum(row["count"] for row in read_rows(tmp_path)) == 2
