"""A contract that is broken stops its own agency, with a sentence, and no other one."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sources_builders import QUARTER, deliver, list_files, make_zones

from jurisdiction.folder import CONTRACTS
from sources import contracts
from sources.contracts import current_contract, find_contract, list_agencies
from sources.errors import SourcesError
from sources.ingest import ingest

MARK = "QZJXVKWY"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    copied = Path(shutil.copytree(CONTRACTS, tmp_path / "contracts"))
    (copied / "dss-2.toml").unlink()  # of its contracts the first one is edited
    monkeypatch.setattr(contracts, "CONTRACTS", copied)
    contracts._read_contract.cache_clear()
    yield copied
    contracts._read_contract.cache_clear()


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / "dss-1.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("title = ", "titel = ", "'title' is missing"),
        ('format = "tokens"', f'format = "{MARK}"', "'files[1].format' is not one of"),
        ("share = 0.05", f'share = "{MARK}"', "'max_quarantined_share' is not a number"),
        ("share = 0.05", "share = 5.0", "'max_quarantined_share' is above 1"),
        ("floor = 20", f'floor = "{MARK}"', "'quarantined_floor' is not a whole number"),
        ("floor = 20", "floor = 20\nceiling = 3", "There is no entry 'ceiling'"),
        ("required = true", f'required = "{MARK}"', "'files[0].required' is neither"),
        ('agency = "dss"', f'agency = "{MARK}"', "'agency' is not dss, as the name of the file"),
        ('contract = "dss/1"', f'contract = "{MARK}"', "'contract' is not dss/1"),
        ("title = ", f"title {MARK} ", "It is not TOML"),
    ],
)
def test_a_broken_contract_is_named_with_file_and_field_and_no_other_agency_fails(
    folder: Path, tmp_path: Path, old: str, new: str, problem: str
) -> None:
    zones = make_zones(tmp_path / "home")
    edit(folder, old, new)
    inbox = deliver_nil(zones, "dss", folder)
    before = list_files(inbox)
    with pytest.raises(SourcesError) as caught:
        ingest(zones, "dss", QUARTER)
    assert (caught.value.code, caught.value.exit_code) == ("MS150", 2)
    assert f"contract dss-1.toml cannot be used. {problem}" in caught.value.sentence
    assert MARK not in caught.value.sentence
    assert list_files(inbox) == before
    assert list_files(zones.outbox("dss")) == {}
    assert list_agencies() == ("care", "courts", "dss", "hotline", "mshp")
    deliver(zones, "mshp", {}, kind="nil")
    assert ingest(zones, "mshp", QUARTER).status == "accepted"


def deliver_nil(zones, agency: str, folder: Path) -> Path:
    """A delivery that an agency made while its own copy of the contract was whole."""
    broken = (folder / "dss-1.toml").read_text("utf-8")
    shutil.copy(CONTRACTS / "dss-1.toml", folder)
    inbox = deliver(zones, agency, {}, kind="nil")
    (folder / "dss-1.toml").write_text(broken, "utf-8")
    contracts._read_contract.cache_clear()
    return inbox


def test_a_delivery_by_an_older_contract_that_broke_waits_and_is_not_rejected(
    folder: Path, tmp_path: Path
) -> None:
    zones = make_zones(tmp_path / "home")
    inbox = deliver(zones, "dss", {}, kind="nil")
    newer = (folder / "dss-1.toml").read_text("utf-8").replace('"dss/1"', '"dss/2"')
    (folder / "dss-2.toml").write_text(newer, "utf-8")
    edit(folder, "title = ", "titel = ")
    contracts._read_contract.cache_clear()
    assert current_contract("dss").contract == "dss/2"
    with pytest.raises(SourcesError, match="MS150"):
        ingest(zones, "dss", QUARTER)
    assert (inbox / "manifest.json").exists()
    assert list_files(zones.outbox("dss")) == {}
    assert list_files(zones.vault.folder / "quarantine") == {}


@pytest.mark.parametrize("name", ["dss/3", "dss/01", "dss/-1", "mshp/1", "dss"])
def test_a_contract_that_an_agency_does_not_have_is_refused(name: str) -> None:
    with pytest.raises(SourcesError, match="MS106"):
        find_contract(name, "dss")
