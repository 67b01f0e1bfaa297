"""A backup is whole, opened by its keeper alone, and restored onto nothing else."""

import os
import sqlite3
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pyrage
import pytest
from typer.testing import CliRunner

from durable.writing import PRIVATE, PUBLIC, write_whole
from orchestration.backup import making
from orchestration.backup.age import describe_backup
from orchestration.backup.making import make_backup, make_key
from orchestration.backup.restoring import restore_backup
from orchestration.cli import build_app
from orchestration.hub.diagnosis import diagnose
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import Settings, prepare_process
from orchestration.steps.proposing import plan_quarter
from orchestration.steps.spending import check_witness, open_ledger
from privacy.errors import PrivacyError
from privacy.ledger.ledger import Ledger
from sources.quarters import Quarter

MARKER = b"QZJXVKWY"


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """A data home with a charged ledger, a file in the vault and one in each public folder."""
    settings = Settings(tmp_path / "home")
    prepare_process(settings)
    head = charge(settings, Quarter(2025, 1))
    write_whole(
        settings.releases / "2025Q1" / "release.json", f'{{"ledger_head": "{head}"}}', PUBLIC
    )
    for path in (
        settings.vault.delivery("dss", "2025Q1", 1) / "child_file.txt",
        settings.vault.aside / "passing",
        settings.releases / "2025Q1" / "page" / "index.html",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(MARKER)
    (tmp_path / "disk").mkdir()
    make_key(tmp_path / "keeper.key")
    return settings


def charge(settings: Settings, quarter: Quarter) -> str:
    plan, ledger = plan_quarter(quarter, settings), open_ledger(settings)
    payload = {"plan": plan.to_json(), "approvals": [], "signatures": []}
    return ledger.charge(plan.charge, plan.policy.caps, payload).hash


def back_up(home: Settings) -> Path:
    beside = home.home.parent
    return make_backup(home, beside / "disk", beside / "keeper.pub")


def restore(home: Settings, backup: Path) -> Settings:
    fresh = Settings(home.home.parent / "fresh")
    restore_backup(fresh, backup, home.home.parent / "keeper.key")
    return fresh


def list_files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_what_was_backed_up_is_put_back_with_its_rights_and_what_passes_is_not(home) -> None:
    backup = back_up(home)
    assert MARKER not in backup.read_bytes()
    fresh = restore(home, backup)
    assert Ledger(fresh.ledger).verify() == Ledger(home.ledger).verify()
    kept = fresh.vault.delivery("dss", "2025Q1", 1) / "child_file.txt"
    assert kept.read_bytes() == MARKER
    assert not fresh.vault.aside.exists()
    assert fresh.vault.folder.stat().st_mode & 0o777 == 0o700
    assert (fresh.releases / "2025Q1" / "page").stat().st_mode & 0o777 == 0o755
    own = {"vault/restored.json", "vault/aside/passing"}
    here, there = list_files(home.home), list_files(fresh.home)
    parts = ("vault/", "review/", "releases/")
    assert {name: here[name] for name in here if name.startswith(parts) if name not in own} == {
        name: there[name] for name in there if name.startswith(parts) if name not in own
    } | {name: b"" for name in here if name.startswith("vault/") if name.endswith(".lock")}


def test_a_ledger_that_is_written_at_the_same_moment_is_copied_whole(home) -> None:
    with sqlite3.connect(home.ledger) as busy:
        busy.execute("begin immediate")
        fresh = restore(home, back_up(home))
        busy.rollback()
    busy.close()
    assert Ledger(fresh.ledger).verify() == Ledger(home.ledger).verify()


@pytest.mark.parametrize("place", [0, 300, -1])
def test_a_backup_with_one_byte_changed_is_refused_and_nothing_is_put_back(home, place) -> None:
    backup = back_up(home)
    content = bytearray(backup.read_bytes())
    content[place] ^= 1
    backup.write_bytes(content)
    with pytest.raises(OrchestrationError, match=r"MS94[12]"):
        restore(home, backup)
    assert not (home.home.parent / "fresh").exists()


def test_a_backup_that_ends_early_is_refused(home) -> None:
    backup = back_up(home)
    backup.write_bytes(backup.read_bytes()[:-100])
    with pytest.raises(OrchestrationError, match="MS941"):
        restore(home, backup)


def test_a_backup_is_opened_by_its_own_key_alone(home, tmp_path) -> None:
    backup = back_up(home)
    make_key(tmp_path / "other.key")
    with pytest.raises(OrchestrationError, match="MS942"):
        restore_backup(Settings(tmp_path / "fresh"), backup, tmp_path / "other.key")
    for wrong in (tmp_path / "keeper.pub", tmp_path / "nothing"):
        with pytest.raises(OrchestrationError, match="MS939"):
            restore_backup(Settings(tmp_path / "fresh"), backup, wrong)
    with pytest.raises(OrchestrationError, match="MS939"):
        make_backup(home, tmp_path / "disk", tmp_path / "keeper.key")


def test_a_key_never_replaces_another(tmp_path) -> None:
    make_key(tmp_path / "keeper.key")
    kept = (tmp_path / "keeper.key").read_bytes()
    with pytest.raises(OrchestrationError, match="MS938"):
        make_key(tmp_path / "keeper.key")
    assert (tmp_path / "keeper.key").read_bytes() == kept
    assert (tmp_path / "keeper.key").stat().st_mode & 0o777 == 0o600


def test_nothing_is_restored_onto_another_data_home(home) -> None:
    with pytest.raises(OrchestrationError, match="MS943"):
        restore_backup(home, back_up(home), home.home.parent / "keeper.key")


def test_a_backup_does_not_lie_in_what_it_backs_up(home) -> None:
    for folder in (home.vault.folder, home.home.parent / "absent"):
        with pytest.raises(OrchestrationError, match="MS940"):
            make_backup(home, folder, home.home.parent / "keeper.pub")


def test_a_backup_that_cannot_be_read_back_does_not_count(home, monkeypatch) -> None:
    def lose(draft: Path, *_: object) -> None:
        draft.write_bytes(b"age-encryption.org/v1\n")

    monkeypatch.setattr(making, "_write", lose)
    with pytest.raises(OrchestrationError, match=r"MS94[12]"):
        back_up(home)
    assert [*(home.home.parent / "disk").iterdir()] == []
    assert not home.last_backup.exists()


def test_a_restored_hub_draws_only_where_a_witness_knows_its_last_charge(home, tmp_path) -> None:
    fresh, witness = restore(home, back_up(home)), tmp_path / "heads.txt"
    ledger = Ledger(fresh.ledger)
    with pytest.raises(OrchestrationError, match="MS944") as caught:
        check_witness(ledger, fresh)
    assert caught.value.exit_code == 5
    witnessed = Settings(fresh.home, witness=witness)
    witness.write_text("")
    with pytest.raises(OrchestrationError, match="MS944"):
        check_witness(ledger, witnessed)
    witness.write_text(ledger.verify()[:16])
    check_witness(ledger, witnessed)


def test_a_hub_restored_from_an_older_backup_is_found_out_by_the_witness(home, tmp_path) -> None:
    backup, witness = back_up(home), tmp_path / "heads.txt"
    witness.write_text(charge(home, Quarter(2025, 2)))
    fresh = restore(home, backup)
    with pytest.raises(PrivacyError, match="MS628"):
        check_witness(Ledger(fresh.ledger), Settings(fresh.home, witness=witness))


def test_the_doctor_asks_for_a_backup_after_each_release_and_each_month(home) -> None:
    now = datetime.now(UTC)
    record = home.releases / "2025Q1" / "release.json"
    assert describe_backup(home, now) == (False, "none was made here. Run 'moshare backup'.")
    os.utime(record, (0, 0))
    back_up(home)
    assert describe_backup(home, now)[0]
    fit, told = describe_backup(home, now + timedelta(days=40))
    assert not fit
    assert "too old" in told
    os.utime(record)
    assert "before the newest release" in describe_backup(home, now + timedelta(days=1))[1]


def test_no_backup_is_asked_for_where_every_delivery_is_simulated(home) -> None:
    manifest = home.vault.delivery("dss", "2025Q1", 1) / "manifest.json"
    manifest.write_text('{"simulated": true}')
    fit, told = describe_backup(home, datetime.now(UTC))
    assert (fit, told) == (True, "none is needed: every delivery is simulated.")
    manifest.write_text('{"simulated": false}')
    assert not describe_backup(home, datetime.now(UTC))[0]


def test_the_commands_back_up_and_restore(home, tmp_path, monkeypatch) -> None:
    def call(*arguments: str) -> str:
        ended = CliRunner().invoke(build_app(), [*arguments])
        assert ended.exit_code == 0, ended.output
        return ended.stdout.strip()

    monkeypatch.setenv("MOSHARE_HOME", str(home.home))
    public = call("new-backup-key", str(tmp_path / "second.key"))
    made = call("backup", "--to", str(tmp_path / "disk"), "--key", public)
    monkeypatch.setenv("MOSHARE_HOME", str(tmp_path / "fresh"))
    call("restore", made, "--key", str(tmp_path / "second.key"))
    assert Ledger(Settings(tmp_path / "fresh").ledger).verify() == Ledger(home.ledger).verify()


def test_the_two_halves_of_a_key_never_share_a_name(tmp_path) -> None:
    with pytest.raises(OrchestrationError, match="MS938"):
        make_key(tmp_path / "keeper.pub")
    assert not (tmp_path / "keeper.pub").exists()


@pytest.mark.parametrize("kept", [0, 100])
def test_a_backup_of_which_hardly_anything_is_left_is_broken_and_not_of_another_key(
    home, kept
) -> None:
    backup = back_up(home)
    backup.write_bytes(backup.read_bytes()[:kept])
    with pytest.raises(OrchestrationError, match="MS941"):
        restore(home, backup)


def test_a_disk_that_is_full_is_told_as_such(home, monkeypatch) -> None:
    def fill(*_: object) -> None:
        raise pyrage.EncryptError("No space left on device (os error 28)")

    monkeypatch.setattr(pyrage, "encrypt_io", fill)
    with pytest.raises(OrchestrationError, match="MS940"):
        back_up(home)
    assert [*(home.home.parent / "disk").iterdir()] == []


def test_what_a_killed_backup_left_is_cleared_by_the_next(home, monkeypatch) -> None:
    left: list[Path] = []

    def note(draft: Path, *_: object) -> None:
        left.append(draft.parent)
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(making, "_write", note)
        with pytest.raises(OrchestrationError, match="MS940"):
            back_up(home)
    left[0].mkdir()

    class Later:
        @staticmethod
        def now(zone: tzinfo) -> datetime:
            return datetime.now(zone) + timedelta(hours=1)

    monkeypatch.setattr(making, "datetime", Later)
    backup = back_up(home)
    assert [*(home.home.parent / "disk").iterdir()] == [backup]
    assert backup.stat().st_mode & 0o777 == PRIVATE


def test_nothing_is_restored_onto_a_mounted_disk_itself(home, tmp_path, monkeypatch) -> None:
    backup = back_up(home)
    (tmp_path / "fresh").mkdir()
    monkeypatch.setattr(Path, "is_mount", lambda path: path == tmp_path / "fresh")
    with pytest.raises(OrchestrationError, match="MS943"):
        restore(home, backup)


def test_the_doctor_of_a_restored_hub_asks_for_the_witness(home) -> None:
    fresh = restore(home, back_up(home))
    found = {one.check: one for one in diagnose(fresh)}
    assert not found["witness"].ok
    assert "MS944" in found["witness"].sentence
