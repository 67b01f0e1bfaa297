"""Who may read what in a data home, whatever the umask, and what `moshare doctor` says of it."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from durable.writing import PUBLIC, write_whole
from failures.exits import Exit
from jurisdiction.errors import JurisdictionError
from jurisdiction.state import read_state
from orchestration.hub.diagnosis import Finding, diagnose
from orchestration.hub.settings import Settings, prepare_process
from orchestration.steps.building import require_signing_key
from sources.errors import SourcesError
from sources.ingest import ingest
from sources.manifest import write_manifest


@pytest.fixture(params=[0o022, 0o000, 0o077], ids=oct)
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    os.umask(request.param)
    return Settings(tmp_path / "home")


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def findings(settings: Settings) -> dict[str, Finding]:
    return {finding.check: finding for finding in diagnose(settings)}


def test_what_is_confidential_is_private_and_what_is_published_is_readable(home: Settings) -> None:
    prepare_process(home)
    (home.home / "new.txt").write_text("x")
    assert mode_of(home.home / "new.txt") == 0o600
    for private in (home.vault.folder, home.ledger.parent, home.dagster_home, *home.agency_folders):
        assert mode_of(private) == 0o700, private
    for shown in (home.home, home.landing / "inbox", home.review, home.releases):
        assert mode_of(shown) == 0o755, shown
    assert all(finding.ok for name, finding in findings(home).items() if "/" in name)


def test_a_home_that_others_cannot_enter_is_named_and_never_opened_with_all_that_is_in_it(
    home: Settings,
) -> None:
    prepare_process(home)
    home.home.chmod(0o700)
    found = findings(home)
    assert not found["data home"].ok
    assert "'chmod o+x' on it alone" in found["data home"].sentence
    assert found["releases"].ok


def test_a_folder_of_an_agency_that_was_left_open_is_closed_by_the_next_command(
    home: Settings,
) -> None:
    inbox = home.zones.inboxes("dss")
    inbox.mkdir(parents=True)
    inbox.chmod(0o775)
    assert "chmod o-rwx" in findings(home)["inbox/dss"].sentence
    prepare_process(home)
    assert mode_of(inbox) == 0o770
    assert findings(home)["inbox/dss"].ok


def test_a_folder_of_an_agency_that_is_a_link_stops_every_command(
    home: Settings, tmp_path: Path
) -> None:
    home.zones.inboxes("dss").parent.mkdir(parents=True)
    home.zones.inboxes("dss").symlink_to(tmp_path)
    with pytest.raises(SourcesError, match="MS123"):
        prepare_process(home)
    assert "a link" in findings(home)["inbox/dss"].sentence


@pytest.mark.parametrize("shut", ["2025Q1", "2025Q1/data.csv", "moshare.pub"])
def test_the_doctor_names_a_published_file_that_nobody_can_read(home: Settings, shut: str) -> None:
    prepare_process(home)
    for name in ("2025Q1/data.csv", "moshare.pub"):
        write_whole(home.releases / name, "public", PUBLIC)
    assert findings(home)["releases"].ok
    (home.releases / shut).chmod(0o700)
    finding = findings(home)["releases"]
    assert not finding.ok
    assert f"releases/{shut}" in finding.sentence


def test_the_doctor_finds_a_signing_key_that_was_lost_before_a_release_is_refused_for_it(
    home: Settings,
) -> None:
    prepare_process(home)
    assert findings(home)["signing key"].ok
    assert not home.vault.signing_key.exists()
    require_signing_key(home)
    assert findings(home)["signing key"].ok
    home.vault.signing_key.unlink()
    finding = findings(home)["signing key"]
    assert not finding.ok
    assert finding.sentence.startswith("MS752")


def test_the_doctor_names_a_folder_in_another_spelling(home: Settings) -> None:
    prepare_process(home)
    (home.zones.inboxes("dss") / "2025q1").mkdir()
    finding = findings(home)["inbox/dss"]
    assert not finding.ok
    assert "'2025q1' is not looked at; rename it to 2025Q1" in finding.sentence


def test_the_doctor_names_an_accepted_delivery_that_could_not_leave_the_inbox(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse_it(*_: object, **__: object) -> None:
        raise PermissionError

    from datetime import date

    prepare_process(home)
    inbox = home.zones.inbox("dss", "2025Q1")
    inbox.mkdir()
    write_manifest(
        inbox,
        agency="dss",
        quarter="2025Q1",
        sequence=1,
        kind="nil",
        as_of=date(2025, 4, 5),
        simulated=True,
        files={},
    )
    assert findings(home)["inbox/dss"].ok
    monkeypatch.setattr("sources.collecting.os.unlink", refuse_it)
    ingest(home.zones, "dss", "2025Q1")
    assert "2025Q1 still lies there" in findings(home)["inbox/dss"].sentence
    monkeypatch.undo()
    ingest(home.zones, "dss", "2025Q1")
    assert findings(home)["inbox/dss"].ok


def test_what_a_killed_run_left_is_cleared_by_the_next_command(home: Settings) -> None:
    prepare_process(home)
    program = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from durable.writing import replacing\n"
        "with replacing(Path(sys.argv[1])) as draft:\n"
        "    draft.write_text('half')\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    places = [
        home.releases / "2025Q1",
        home.vault.quality_records / "x",
        home.review / "2025Q1" / "y",
    ]
    for place in places:
        ended = subprocess.run([sys.executable, "-c", program, str(place)], check=False)
        assert ended.returncode == -signal.SIGKILL
    assert len(list(home.home.rglob("*.draft"))) == len(places)
    prepare_process(home)
    assert list(home.home.rglob("*.draft")) == []


def test_a_data_home_remembers_its_state_and_refuses_another(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "home")
    prepare_process(settings)
    assert settings.vault.state.read_text("utf-8") == "Missouri\n"
    settings.vault.state.write_text("Kansas\n", "utf-8")
    with pytest.raises(JurisdictionError, match=r"MS002.*Kansas.*Missouri") as caught:
        prepare_process(settings)
    assert caught.value.exit_code == Exit.USAGE


def test_a_data_home_from_before_states_could_be_chosen_is_the_first_states(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(tmp_path / "home")
    prepare_process(settings)
    settings.vault.state.unlink()
    (settings.vault.folder / "raw").mkdir()
    prepare_process(settings)
    assert settings.vault.state.exists()
    settings.vault.state.unlink()
    kansas = read_state().model_copy(update={"name": "Kansas"})
    monkeypatch.setattr("orchestration.hub.settings.read_state", lambda: kansas)
    with pytest.raises(JurisdictionError, match=r"MS002.*belongs to Missouri"):
        prepare_process(settings)
    assert not settings.vault.state.exists()
