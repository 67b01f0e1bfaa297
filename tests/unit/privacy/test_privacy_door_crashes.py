"""What a crash between any two steps leaves behind, and two processes at once; on both ledgers."""

import json
import multiprocessing
from pathlib import Path

import pytest
from approval_examples import Office
from privacy_examples import (
    KILLED,
    CrashError,
    example_exact,
    never_read,
    release_after_meeting,
    release_and_be_killed,
    release_and_crash,
    try_nothing,
)

from privacy import door
from privacy.errors import PrivacyError
from privacy.ledger.chain import BEGUN, CHARGE, DONE, DRAWN
from privacy.ledger.ledger import Ledger, Place
from privacy.plan import Plan
from privacy.publishing.recalled import read_release

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["privacy.door", "psycopg", "minisign"])
ALL = [CHARGE, BEGUN, DRAWN, DONE]

# (step, moment) -> what the ledger holds after the crash, and what becomes of the quarter: drawn
# by the next run, finished by it from what is held, lost, or released already. Where a power cut in
# place of the crash has another end, it follows.
CRASHES = [
    ("approve", "before", [], "drawn"),
    ("approve", "after", [], "drawn"),
    ("try", "after", [], "drawn"),
    ("read", "before", [], "drawn"),
    ("reserve", "before", [], "drawn"),
    ("reserve", "halfway", [], "drawn"),
    ("reserve", "after", [], "drawn"),
    ("charge", "before", [], "drawn"),
    ("write", "before", [], "drawn"),
    ("write", "after", [], "drawn"),
    ("charge", "after", [CHARGE], "drawn"),
    ("draw", "before", [CHARGE], "drawn"),
    ("draw", "after", [CHARGE], "drawn"),
    ("begin", "before", [CHARGE], "drawn"),
    ("write the mark", "after", [CHARGE], "drawn"),
    ("begin", "after", [CHARGE, BEGUN], "drawn"),
    ("flag", "before", [CHARGE, BEGUN], "drawn"),
    ("flag", "after", [CHARGE, BEGUN], "drawn", "lost"),
    ("hold", "before", [CHARGE, BEGUN], "drawn", "lost"),
    ("hold", "halfway", [CHARGE, BEGUN], "lost"),
    ("hold", "after", [CHARGE, BEGUN], "finished"),
    ("record", "before", [CHARGE, BEGUN], "finished"),
    ("write the draw", "after", [CHARGE, BEGUN], "finished"),
    ("record", "after", [CHARGE, BEGUN, DRAWN], "finished"),
    ("publish", "before", [CHARGE, BEGUN, DRAWN], "finished"),
    ("publish", "after", [CHARGE, BEGUN, DRAWN], "finished"),
    ("finish", "before", [CHARGE, BEGUN, DRAWN], "finished"),
    ("finish", "after", ALL, "kept"),
    ("clear", "before", ALL, "kept"),
    ("clear", "after", ALL, "kept"),
]


def kinds(place: Place) -> list[str]:
    return [entry.kind for entry in Ledger(place).read_entries()]


def read_held(office: Office) -> bytes:
    """All that lies where draws are held."""
    return b"".join(path.read_bytes() for path in (office.folder / "held").glob("*"))


def check_recovery(place: Place, plan: Plan, office: Office, left: list[str], fate: str) -> None:
    ledger, approvals, custody = Ledger(place), office.approvals(), office.custody()
    assert kinds(place) == left
    before = ledger.read_entries()
    if fate == "lost":
        for _ in range(2):
            with pytest.raises(PrivacyError, match=r"MS626.*moshare recover"):
                door.release(plan, approvals, never_read, try_nothing, ledger, custody)
        assert kinds(place) == left
        assert door.declare_lost(plan.quarter, ledger, custody) == plan.hash
        return
    with pytest.raises(PrivacyError, match="MS634"):
        door.declare_lost(plan.quarter, ledger, custody)
    if fate == "drawn":
        assert b"cells" not in read_held(office)
    read = (lambda: example_exact(plan)) if fate == "drawn" else never_read
    finished = door.release(plan, approvals, read, try_nothing, ledger, custody)
    assert kinds(place) == ALL
    assert ledger.read_entries()[: len(before)] == before
    assert door.release(plan, approvals, never_read, try_nothing, ledger, custody) == finished
    assert read_held(office) == b""


@pytest.mark.parametrize(("step", "moment", "left", "fate"), [one[:4] for one in CRASHES])
def test_an_exception_between_two_steps_never_leads_to_a_second_charge_or_draw(
    step: str,
    moment: str,
    left: list[str],
    fate: str,
    plan: Plan,
    office: Office,
    ledger_place: Place,
) -> None:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(CrashError):
        release_and_crash(patch, office, ledger_place, step, moment, for_good=False)
    check_recovery(ledger_place, plan, office, left, fate)


def kill(office: Office, place: Place, step: str, moment: str) -> None:
    process = PROCESSES.Process(target=release_and_be_killed, args=(office, place, step, moment))
    process.start()
    process.join()
    assert process.exitcode == KILLED


@pytest.mark.parametrize(("step", "moment", "left", "fate"), [one[:4] for one in CRASHES])
def test_a_killed_process_never_leads_to_a_second_charge_or_draw(
    step: str,
    moment: str,
    left: list[str],
    fate: str,
    plan: Plan,
    office: Office,
    ledger_place: Place,
) -> None:
    kill(office, ledger_place, step, moment)
    check_recovery(ledger_place, plan, office, left, fate)


@pytest.mark.parametrize("crashed", CRASHES)
def test_after_a_power_cut_only_a_draw_that_was_being_written_may_be_lost(
    crashed: tuple[str, str, list[str], str],
    plan: Plan,
    office: Office,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = tmp_path / "ledger.sqlite"
    Ledger.create(place)
    with monkeypatch.context() as patch, pytest.raises(CrashError):
        release_and_crash(patch, office, place, *crashed[:2], for_good=False)
    boot = tmp_path / "boot_id"
    boot.write_text("another")
    monkeypatch.setattr("privacy.held._BOOT", boot)
    check_recovery(place, plan, office, crashed[2], crashed[-1])


def release_at_once(
    office: Office, place: Place, first: tuple[str, ...], second: tuple[str, ...]
) -> list[tuple[str, str]]:
    barrier, answers = PROCESSES.Barrier(2), PROCESSES.Queue()
    processes = [
        PROCESSES.Process(
            target=release_after_meeting, args=(office, place, quarters, rows, barrier, answers)
        )
        for quarters, rows in ((first, 40), (second, 90))
    ]
    for process in processes:
        process.start()
    given = [answers.get(timeout=120) for _ in range(len(first) + len(second))]
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    answers.close()
    answers.join_thread()
    return given


def test_two_processes_with_one_plan_give_equal_bytes_for_one_charge(
    office: Office, ledger_place: Place
) -> None:
    given = release_at_once(office, ledger_place, ("2025Q1",), ("2025Q1",))
    assert len(set(given)) == 1
    assert kinds(ledger_place) == ALL
    assert read_release(json.loads(given[0][1])).release_id == "2025Q1"


def test_two_processes_in_one_order_give_equal_bytes_for_one_charge_each(
    office: Office, ledger_place: Place
) -> None:
    given = release_at_once(office, ledger_place, ("2025Q1", "2025Q2"), ("2025Q1", "2025Q2"))
    assert len(given) == 4
    assert len(set(given)) == 2
    assert sorted(kinds(ledger_place)) == sorted(ALL * 2)


def test_of_two_processes_in_opposite_order_none_draws_the_earlier_quarter_after_the_later(
    office: Office, ledger_place: Place
) -> None:
    """Whichever was first: both are given the same, or both are refused the earlier one."""
    given = release_at_once(office, ledger_place, ("2025Q1", "2025Q2"), ("2025Q2", "2025Q1"))
    answers = dict(given)
    assert len(given) == 4
    assert len(set(given)) == 2
    drawn = [quarter for quarter in ("2025Q1", "2025Q2") if answers[quarter] != "MS648"]
    assert drawn in (["2025Q1", "2025Q2"], ["2025Q2"])
    charged = [entry.charge.quarter for entry in Ledger(ledger_place).read_entries()]
    assert charged == [quarter for quarter in drawn for _ in ALL]
