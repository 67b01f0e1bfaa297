"""Where a draw is held: its space comes first, and nothing that may be seen is written over."""

import os
import stat
from pathlib import Path

import pytest

from privacy import held as held_module
from privacy.errors import PrivacyError
from privacy.held import Custody, HeldDraw

PLAN = "a" * 64
LARGEST = {"cells": {"arrests": [-(2**63)] * 40}}
DRAW = {"cells": {"arrests": list(range(-20, 20))}}
QUARTER = "2025Q1"


@pytest.fixture
def custody(tmp_path: Path) -> Custody:
    return Custody(tmp_path / "held", lambda _: None)


def find_file(custody: Custody) -> Path:
    [path] = custody.folder.iterdir()
    return path


def reserve(custody: Custody) -> str:
    with custody.open(QUARTER) as held:
        return held.reserve(PLAN, LARGEST)


def look(custody: Custody, reservation: str) -> tuple[object, bool]:
    with custody.open(QUARTER) as held:
        return held.read(reservation), held.is_unseen(reservation)


def test_a_draw_is_given_back_whole_and_is_seen_from_then_on(custody: Custody) -> None:
    reservation = reserve(custody)
    assert look(custody, reservation) == (None, True)
    with custody.open(QUARTER) as held:
        held.put(reservation, DRAW)
    assert look(custody, reservation) == (DRAW, False)


def test_the_file_is_for_its_owner_alone(custody: Custody) -> None:
    reserve(custody)
    assert stat.S_IMODE(find_file(custody).stat().st_mode) == 0o600
    assert stat.S_IMODE(custody.folder.stat().st_mode) == 0o700


def test_the_largest_draw_fits_into_the_space_that_was_taken(custody: Custody) -> None:
    reservation = reserve(custody)
    size = find_file(custody).stat().st_size
    blocks = find_file(custody).stat().st_blocks
    with custody.open(QUARTER) as held:
        held.put(reservation, LARGEST)
    assert find_file(custody).stat().st_size == size
    assert find_file(custody).stat().st_blocks == blocks > 0


def test_nothing_is_put_over_a_draw_that_may_have_been_seen(custody: Custody) -> None:
    reservation = reserve(custody)
    with custody.open(QUARTER) as held:
        held.put(reservation, DRAW)
        with pytest.raises(PrivacyError, match="MS626"):
            held.put(reservation, LARGEST)
    assert look(custody, reservation) == (DRAW, False)


def test_another_reservation_proves_nothing(custody: Custody) -> None:
    first, second = reserve(custody), reserve(custody)
    assert first != second
    assert look(custody, first) == (None, False)
    with custody.open(QUARTER) as held, pytest.raises(PrivacyError, match="MS626"):
        held.put(first, DRAW)


@pytest.mark.parametrize("content", [b"", b"[]", b"no JSON", b"\xff" * 5000])
def test_a_file_that_is_not_whole_proves_nothing_and_is_taken_anew(
    custody: Custody, content: bytes
) -> None:
    reservation = reserve(custody)
    find_file(custody).write_bytes(content)
    assert look(custody, reservation) == (None, False)
    assert look(custody, reserve(custody))[1]


def test_every_byte_of_a_held_draw_is_guarded(custody: Custody) -> None:
    reservation = reserve(custody)
    with custody.open(QUARTER) as held:
        held.put(reservation, DRAW)
    path = find_file(custody)
    whole = path.read_bytes()
    for place in range(4096, len(whole.rstrip()), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert look(custody, reservation) == (None, False)


def test_a_flag_without_a_byte_behind_it_is_unseen_while_the_same_kernel_runs(
    custody: Custody, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boot = tmp_path / "boot_id"
    monkeypatch.setattr(held_module, "_BOOT", boot)
    for before, after, is_unseen in (("a", "a", True), ("a", "b", False), ("", "", False)):
        boot.write_text(before)
        reservation = reserve(custody)
        with find_file(custody).open("r+b") as file:
            file.seek(4095)
            file.write(b"+")
        boot.write_text(after)
        assert look(custody, reservation) == (None, is_unseen)
        find_file(custody).unlink()
    assert held_module._read_boot() == ""
    boot.unlink()
    assert held_module._read_boot() == ""


def test_a_draw_that_the_ledger_does_not_know_is_never_written_over(custody: Custody) -> None:
    reservation = reserve(custody)
    with custody.open(QUARTER) as held:
        held.put(reservation, DRAW)
        with pytest.raises(PrivacyError, match=r"MS628.*2025Q1\.held"):
            held.reserve(PLAN, LARGEST)
        held.reserve("b" * 64, LARGEST)


def test_two_processes_cannot_hold_one_quarter(custody: Custody) -> None:
    with (
        custody.open(QUARTER),
        pytest.raises(PrivacyError, match=r"MS633.*another process"),
        custody.open(QUARTER),
    ):
        pytest.fail("it was opened twice")
    with custody.open(QUARTER), custody.open("2025Q2"):
        pass


def test_a_folder_that_cannot_be_written_is_a_sentence(custody: Custody) -> None:
    custody.folder.write_text("")
    with pytest.raises(PrivacyError, match="MS632"), custody.open(QUARTER):
        pytest.fail("it was opened")
    custody.clear(QUARTER)


def fail(*_: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("step", ["reserve", "put"])
def test_a_full_disk_is_a_sentence(
    custody: Custody, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with custody.open(QUARTER) as held:
        reservation = held.reserve(PLAN, LARGEST)
        monkeypatch.setattr(os, "pwrite", fail)
        steps = {
            "reserve": lambda: held.reserve(PLAN, LARGEST),
            "put": lambda: held.put(reservation, DRAW),
        }
        with pytest.raises(PrivacyError, match=r"MS632.*Make room") as caught:
            steps[step]()
    assert caught.value.__cause__ is None


def test_a_disk_that_fails_within_a_draw_is_not_told_to_run_again(
    custody: Custody, monkeypatch: pytest.MonkeyPatch
) -> None:
    reservation = reserve(custody)
    write = os.pwrite

    def write_a_part(file: int, content: bytes, at: int) -> int:
        return write(file, content[:100], at) if at <= 4096 else fail()  # type: ignore[return-value]

    monkeypatch.setattr(os, "pwrite", write_a_part)
    with custody.open(QUARTER) as held, pytest.raises(PrivacyError, match="MS626"):
        held.put(reservation, DRAW)
    assert look(custody, reservation) == (None, False)


def test_what_is_written_in_parts_is_written_whole(
    custody: Custody, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, content, at: write(file, content[:100], at))
    reservation = reserve(custody)
    with custody.open(QUARTER) as held:
        held.put(reservation, DRAW)
        assert isinstance(held, HeldDraw)
    assert look(custody, reservation) == (DRAW, False)


def test_what_the_ledger_has_is_held_no_longer(custody: Custody) -> None:
    reserve(custody)
    custody.clear(QUARTER)
    custody.clear(QUARTER)
    assert list(custody.folder.iterdir()) == []
