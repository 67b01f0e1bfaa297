"""After a crash between any two steps there is nothing, or something the next ingest finishes."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from sources_builders import QUARTER, child_line, child_lines, deliver_children, make_zones

import sources.collecting as collecting
import sources.ingest as ingest_module
import sources.storing as storing
from sources.errors import SourcesError
from sources.ingest import ingest
from sources.zones import Zones

STEPS = [
    (ingest_module, "copy_manifest"),
    (ingest_module, "copy_files"),
    (ingest_module, "read_delivery"),
    (ingest_module, "accept_delivery"),
    (ingest_module, "reject_delivery"),
    (ingest_module, "take_out"),
    (collecting, "_read_digest"),
    (storing, "move_folder"),
    (storing, "write_receipt"),
]


class CrashError(BaseException):
    """The process ends: no handler of an ordinary failure may see it."""


class Crash:
    """Ends the process before or after the nth step; cleaning up then no longer happens."""

    def __init__(self, patch: pytest.MonkeyPatch, moment: int) -> None:
        self.left = moment
        self.happened = False
        for module, name in STEPS:
            patch.setattr(module, name, self.wrap(getattr(module, name)))
        remove = shutil.rmtree
        patch.setattr(
            shutil,
            "rmtree",
            lambda *given, **named: None if self.happened else remove(*given, **named),
        )

    def wrap(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any, **named: Any) -> Any:
            self.tick()
            outcome = step(*given, **named)
            self.tick()
            return outcome

        return run

    def tick(self) -> None:
        self.left -= 1
        if self.left == 0:
            self.happened = True
            raise CrashError


def clock() -> datetime:
    return datetime(2025, 4, 6, tzinfo=UTC)


def list_files(zones: Zones) -> dict[str, bytes]:
    folders = [
        zones.vault.folder / "deliveries",
        zones.vault.folder / "raw",
        zones.vault.folder / "quarantine",
    ]
    paths = [path for folder in [*folders, zones.landing] for path in folder.rglob("*")]
    root = zones.landing.parent
    return {str(path.relative_to(root)): path.read_bytes() for path in paths if path.is_file()}


def run_with_crash(zones: Zones, moment: int) -> bool:
    """Whether the crash happened before the ingest was through."""
    with pytest.MonkeyPatch.context() as patch:
        crash = Crash(patch, moment)
        with suppress(CrashError, SourcesError):
            ingest(zones, "dss", QUARTER, clock=clock)
        return crash.happened


def raw_is_complete_or_absent(zones: Zones) -> bool:
    folder = zones.vault.raw("dss", QUARTER) / "0001"
    return not folder.exists() or len([pq.read_table(path) for path in folder.iterdir()]) == 3


def make_accepted(folder: Path) -> Zones:
    zones = make_zones(folder)
    deliver_children(zones, [*child_lines(30), child_line(chsex="5")])
    return zones


def make_rejected(folder: Path) -> Zones:
    zones = make_zones(folder)
    inbox = deliver_children(zones, child_lines(3))
    (inbox / "child_file.txt").write_bytes(b"A" * 1017)
    return zones


@pytest.mark.parametrize("make", [make_accepted, make_rejected])
def test_the_ingest_after_a_crash_at_any_moment_ends_where_an_undisturbed_one_ends(
    tmp_path: Path, make: Callable[[Path], Zones]
) -> None:
    undisturbed = make(tmp_path / "undisturbed")
    assert not run_with_crash(undisturbed, 0)
    moments = 0
    while True:
        zones = make(tmp_path / str(moments))
        if not run_with_crash(zones, moments + 1):
            break
        moments += 1
        assert raw_is_complete_or_absent(zones)
        run_with_crash(zones, 0)
        assert list_files(zones) == list_files(undisturbed)
    assert moments >= 8


def test_a_crash_in_the_finishing_ingest_is_finished_by_the_next(tmp_path: Path) -> None:
    undisturbed = make_accepted(tmp_path / "undisturbed")
    run_with_crash(undisturbed, 0)
    zones = make_accepted(tmp_path / "crashed")
    after_acceptance, after_each_step_that_follows = 9, (2, 2, 2)
    for moment in (after_acceptance, *after_each_step_that_follows):
        assert run_with_crash(zones, moment)
        assert (zones.vault.deliveries("dss", QUARTER) / "0001").is_dir()
    assert not run_with_crash(zones, 0)
    assert list_files(zones) == list_files(undisturbed)


def test_what_a_crash_left_is_finished_before_a_newer_delivery_is_judged(tmp_path: Path) -> None:
    zones = make_accepted(tmp_path)
    moment = 1
    while not (zones.vault.deliveries("dss", QUARTER) / "0001").exists():
        run_with_crash(zones, moment)
        moment += 1
    assert not zones.vault.raw("dss", QUARTER).exists()
    inbox = deliver_children(zones, child_lines(3), sequence=2)
    (inbox / "child_file.txt").unlink()
    with pytest.raises(SourcesError, match="MS109"):
        ingest(zones, "dss", QUARTER)
    assert (zones.vault.raw("dss", QUARTER) / "0001" / "child_file.parquet").is_file()
    assert (zones.outbox("dss") / f"{QUARTER}-0001-accepted.json").is_file()
