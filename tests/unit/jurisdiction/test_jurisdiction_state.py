"""A broken file of the state is told in a sentence, and only where it is needed."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jurisdiction import folder, state
from jurisdiction.errors import JurisdictionError
from orchestration import cli
from orchestration.hub.diagnosis import diagnose
from orchestration.hub.settings import Settings

MARKER = "QZJXVKWY"


def _forget() -> None:
    state.read_state.cache_clear()
    state._read_agencies.cache_clear()
    folder.read_table.cache_clear()


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a copy of the state's folder, from which everything is read."""
    copy = tmp_path / "made_up"
    shutil.copytree(folder.FOLDER, copy)
    monkeypatch.setattr(state, "FOLDER", copy)
    monkeypatch.setattr(state, "AGENCIES", copy / "agencies")
    monkeypatch.setattr(state, "CONTRACTS", copy / "contracts")
    monkeypatch.setattr(folder, "LISTS", copy / "lists")
    _forget()
    yield copy
    _forget()


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("title = ", f"{MARKER} [ ", "is not TOML"),
        ("order = 3", f"order = '{MARKER}'", "'order' is not a whole number"),
        ("is_linked = false", f"is_linked = '{MARKER}'", "'is_linked' is neither true nor false"),
        ("block = ", "blok = ", "'block' is missing"),
        ("caveats = [", f"caveats = '{MARKER}' #", "'caveats' is not a list"),
    ],
)
def test_a_broken_agency_file_is_named_with_its_entry_and_nothing_that_stands_there(
    copied: Path, old: str, new: str, told: str
) -> None:
    _replace(copied / "agencies" / "hotline.toml", old, new)
    with pytest.raises(JurisdictionError) as caught:
        _ = state.read_state().agencies
    assert caught.value.code == "MS001"
    assert "agencies/hotline.toml" in caught.value.sentence
    assert told in caught.value.sentence
    assert MARKER not in caught.value.sentence


def test_what_needs_no_words_of_an_agency_works_where_its_file_is_broken(copied: Path) -> None:
    (copied / "agencies" / "hotline.toml").write_text("[", "utf-8")
    assert state.read_state().name == "Missouri"
    assert state.say_agencies() == "care, courts, dss, hotline or mshp"


def test_an_agency_without_a_file_is_told_in_a_sentence(copied: Path) -> None:
    (copied / "agencies" / "hotline.toml").unlink()
    with pytest.raises(JurisdictionError, match=r"MS001.*agencies/hotline\.toml"):
        state.read_state().agency("hotline")


def test_a_broken_or_missing_contract_is_told_where_its_limits_are_asked_for(
    copied: Path,
) -> None:
    contract = copied / "contracts" / "dss-2.toml"
    (copied / "contracts" / "dss-1.toml").unlink()
    agencies = state.read_state().agencies
    dss = next(one for one in agencies if one.key == "dss")
    for change in (lambda: contract.write_text("[", "utf-8"), contract.unlink):
        change()
        with pytest.raises(JurisdictionError, match=r"MS001.*contracts/dss-\d\.toml"):
            _ = dss.most_set_aside
    assert all(one.most_set_aside for one in agencies if one.key != "dss")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("America/Chicago", MARKER, "'time_zone' is no clock of the IANA database"),
        ('fips = "29"', "fips = 29", "'fips' is not a text"),
        ("asks_for_numbers", "asks_for", "'law.asks_for_numbers' is missing"),
    ],
)
def test_a_broken_state_file_is_named_with_its_entry(
    copied: Path, old: str, new: str, told: str
) -> None:
    _replace(copied / "state.toml", old, new)
    with pytest.raises(JurisdictionError) as caught:
        state.read_state()
    assert told in caught.value.sentence
    assert MARKER not in caught.value.sentence


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda path: path.unlink(), "cannot be read"),
        (lambda path: path.write_bytes(b"\xff\xfe\x00"), "no CSV file in UTF-8"),
        (lambda path: _replace(path, "valid_to", "valid_until"), "no column 'valid_to'"),
        (lambda path: path.write_text(path.read_text() + MARKER), "more or fewer fields"),
    ],
)
def test_a_broken_list_is_named_with_what_is_wrong(copied: Path, change, told: str) -> None:
    change(copied / "lists" / "counties.csv")
    with pytest.raises(JurisdictionError) as caught:
        folder.list_counties()
    assert "lists/counties.csv" in caught.value.sentence
    assert told in caught.value.sentence
    assert MARKER not in caught.value.sentence


def test_a_failure_before_a_command_begins_is_a_sentence_and_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise JurisdictionError("MS001", file="state.toml", problem="It is not TOML")

    monkeypatch.setattr(cli, "build_app", lambda: fail)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("MS001: The state's file state.toml cannot be used.")


def test_doctor_names_a_broken_file_of_the_state_and_goes_on(copied: Path, tmp_path: Path) -> None:
    (copied / "state.toml").write_text("[", "utf-8")
    findings = {one.check: one for one in diagnose(Settings(home=tmp_path, ledger_address=None))}
    assert "MS001" in findings["state"].sentence
    assert not findings["state"].ok
    assert findings["policy"].ok


def test_a_state_says_the_texts_of_all_in_its_own_words() -> None:
    first = state.read_state()
    assert first.say("Children's Division") == "Children's Division"
    other = first.model_copy(update={"words": {"Children's Division": "the Department"}})
    assert other.say("A report to Children's Division.") == "A report to the Department."


def test_another_state_is_chosen_by_one_setting(tmp_path: Path) -> None:
    shutil.copytree(folder.FOLDER.parent / "kansas", tmp_path / "erewhon")
    look = "from jurisdiction.folder import FOLDER; print(FOLDER.name)"
    for chosen, name in (
        ("", "missouri"),
        ("kansas", "kansas"),
        (str(tmp_path / "erewhon"), "erewhon"),
    ):
        found = subprocess.run(
            [sys.executable, "-c", look],
            env={folder.STATE_VARIABLE: chosen},
            cwd=folder.FOLDER.parent,
            capture_output=True,
            text=True,
            check=True,
        )
        assert found.stdout.strip() == name
