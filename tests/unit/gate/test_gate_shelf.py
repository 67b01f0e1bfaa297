"""The shelf: only what verifies is there, and only the published bytes leave it."""

import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from gate_places import GatePlace
from gate_releases import build_release_folder

from gate.errors import GateError
from gate.shelf import Shelf
from portal.errors import PortalError
from portal.keys import ensure_signing_key, exchange_signing_key


@pytest.fixture
def shelf(place: GatePlace) -> Shelf:
    shelf = Shelf(place.settings.releases, place.settings.public_key)
    assert shelf.look() == []
    return shelf


def refused(code: str, shelf: Shelf, release_id: str = "2025Q1") -> None:
    with pytest.raises(GateError) as caught:
        shelf.get(release_id)
    assert caught.value.code == code


def test_a_release_is_described_by_its_own_files(shelf: Shelf, place: GatePlace) -> None:
    release = shelf.get("2025Q1")
    assert release.quarter_start == "2025-01-01"
    assert release.title == "Child trafficking in Missouri, quarter 1 of 2025"
    assert [table.title for table in release.tables] == ["Children by region", "Reports"]
    assert list(release.tables[0].paths) == [".csv", ".parquet"]
    assert {"release.json", "release.json.minisig", "index.html"} <= set(release.items)
    for path in release.items:
        item, content = shelf.read(release, path)
        assert content == (place.folder / path).read_bytes()
        assert item.size == len(content)


@pytest.mark.parametrize(
    ("form", "key"), [("format_1", "moshare"), ("format_2", "moshare"), ("format_3", "format_3")]
)
def test_a_folder_of_an_earlier_form_is_served(form: str, key: str) -> None:
    old = Path(__file__).parents[1] / "portal" / "old_folders"
    shelf = Shelf(old / form, old / f"{key}.pub")
    assert shelf.look() == []
    release = shelf.get("2025Q1")
    assert release.tables
    assert release.archive is None
    for path in release.items:
        shelf.read(release, path)


def test_what_a_program_that_shows_folders_leaves_is_named_and_not_served(
    shelf: Shelf, place: GatePlace, caplog: pytest.LogCaptureFixture
) -> None:
    for name in (".DS_Store", "data/Thumbs.db", "desktop.ini"):
        (place.folder / name).write_bytes(b"\0")
    assert shelf.look() == []
    release = shelf.get("2025Q1")
    assert release.archive is not None
    assert "data/reports.csv" in release.items
    for name in (".DS_Store", "data/Thumbs.db", "desktop.ini"):
        assert name in caplog.text
        with pytest.raises(GateError, match="MS721"):
            shelf.read(release, name)


def test_a_file_changed_after_it_was_verified_does_not_leave(
    shelf: Shelf, place: GatePlace
) -> None:
    release = shelf.get("2025Q1")
    path = place.folder / "data" / "reports.csv"
    path.write_bytes(path.read_bytes().replace(b"24.2", b"24.3"))
    with pytest.raises(GateError, match="MS728"):
        shelf.read(release, "data/reports.csv")
    (failure,) = shelf.look()
    assert "MS714" in failure.sentence
    assert shelf.look() == []
    refused("MS728", shelf)


def test_a_file_that_became_a_link_or_went_away_does_not_leave(
    shelf: Shelf, place: GatePlace, tmp_path: Path
) -> None:
    release = shelf.get("2025Q1")
    path = place.folder / "data" / "reports.csv"
    path.rename(tmp_path / "copy")
    with pytest.raises(GateError, match="MS728"):
        shelf.read(release, "data/reports.csv")
    path.symlink_to(tmp_path / "copy")
    with pytest.raises(GateError, match="MS728"):
        shelf.read(release, "data/reports.csv")


def test_a_release_that_was_mended_is_served_again(shelf: Shelf, place: GatePlace) -> None:
    path = place.folder / "index.html"
    content = path.read_bytes()
    path.write_bytes(content + b"x")
    shelf.look()
    refused("MS728", shelf)
    path.write_bytes(content)
    shelf.look()
    assert shelf.get("2025Q1")


def test_a_release_that_went_away_is_not_there(shelf: Shelf, place: GatePlace) -> None:
    place.folder.rename(place.folder.with_name(".gone"))
    shelf.look()
    refused("MS729", shelf)
    refused("MS729", shelf, "1999Q1")


def test_a_release_by_another_signer_or_by_none_is_withheld(place: GatePlace) -> None:
    base = place.settings.releases.parent
    ensure_signing_key(base / "forged.key", base / "forged.pub")
    for release_id, key in (("2024Q1", base / "forged.key"), ("2024Q2", None)):
        build_release_folder(place.settings.releases, release_id, key=key)
    shelf = Shelf(place.settings.releases, place.settings.public_key)
    assert [error.code for error in shelf.look()] == ["MS717", "MS716"]
    refused("MS728", shelf, "2024Q1")
    refused("MS728", shelf, "2024Q2")


def test_a_workbook_of_all_tables_has_its_title_too(place: GatePlace) -> None:
    base, extra = place.settings.releases.parent, {"data/all_tables.xlsx": b"x"}
    build_release_folder(
        place.settings.releases, "2025Q4", key=base / "signing.key", extra=extra, archived=False
    )
    shelf = Shelf(place.settings.releases, place.settings.public_key)
    assert shelf.look() == []
    assert "All tables" in [table.title for table in shelf.get("2025Q4").tables]


def test_after_an_exchange_of_keys_older_and_newer_releases_are_served(place: GatePlace) -> None:
    base = place.settings.releases.parent
    shelf = Shelf(place.settings.releases, place.settings.public_key)
    assert shelf.look() == []
    before = (base / "moshare.pub").read_bytes()
    exchange_signing_key(base / "signing.key", base / "moshare.pub", datetime.now(UTC))
    after = (base / "moshare.pub").read_bytes()
    (base / "moshare.pub").write_bytes(before)
    build_release_folder(place.settings.releases, "2025Q4", key=base / "signing.key")
    assert [error.code for error in shelf.look()] == ["MS717"]
    (base / "moshare.pub").write_bytes(after)
    assert shelf.look() == []
    for release_id in ("2025Q1", "2025Q4"):
        assert shelf.get(release_id).release_id == release_id


def test_a_folder_under_another_releases_name_is_withheld(place: GatePlace) -> None:
    place.folder.rename(place.folder.with_name("2026Q1"))
    shelf = Shelf(place.settings.releases, place.settings.public_key)
    assert [error.code for error in shelf.look()] == ["MS728"]
    refused("MS728", shelf, "2026Q1")


def test_what_is_no_release_is_passed_over(place: GatePlace, tmp_path: Path) -> None:
    (place.settings.releases / ".draft-2025Q9").mkdir()
    (place.settings.releases / "moshare.pub").touch()
    (place.settings.releases / "empty").mkdir()
    shelf = Shelf(place.settings.releases, None)
    assert [error.code for error in shelf.look()] == ["MS711"]
    assert Shelf(tmp_path / "absent", None).look() == []


def test_a_package_of_another_form_gives_names_instead_of_titles(tmp_path: Path) -> None:
    folder = build_release_folder(tmp_path, "2025Q1", form=1)
    (folder / "datapackage.json").unlink()
    record = folder / "release.json"
    lines = record.read_text().split("{")
    kept = [part for part in lines if "datapackage" not in part]
    record.write_text("{".join(kept))
    shelf = Shelf(tmp_path, None)
    assert shelf.look() == []
    release = shelf.get("2025Q1")
    assert release.title == "Release 2025Q1"
    assert [table.title for table in release.tables] == ["children_by_region", "reports"]


def test_the_archive_is_served_only_if_it_is_the_folder(place: GatePlace) -> None:
    path = place.settings.releases / "2025Q1.zip"
    content = path.read_bytes()
    shelf = Shelf(place.settings.releases, None)
    shelf.look()
    release = shelf.get("2025Q1")
    item, served = shelf.read_archive(release)
    assert (item.path, served) == ("2025Q1.zip", content)
    path.write_bytes(content + b"x")
    with pytest.raises(GateError, match="MS728"):
        shelf.read_archive(release)


def rewrite(path: Path, change) -> None:
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


@pytest.mark.parametrize(
    "change",
    [
        lambda files: files.pop("2025Q1/index.html"),
        lambda files: files.update({"2025Q1/extra": b""}),
        lambda files: files.update({"../2025Q1/extra": b""}),
        lambda files: files.update({"2025Q1/data/reports.csv": b"x"}),
        lambda files: files.update(
            {"2025Q1/data/reports.csv": b"x" * len(files["2025Q1/data/reports.csv"])}
        ),
        lambda files: files.update({"index.html": files["2025Q1/index.html"]}),
    ],
)
def test_an_archive_that_is_not_the_folder_is_not_there(place: GatePlace, change) -> None:
    rewrite(place.settings.releases / "2025Q1.zip", change)
    shelf = Shelf(place.settings.releases, None)
    shelf.look()
    release = shelf.get("2025Q1")
    assert release.archive is None
    with pytest.raises(GateError, match="MS721"):
        shelf.read_archive(release)


def test_what_is_no_archive_is_not_there(place: GatePlace) -> None:
    (place.settings.releases / "2025Q1.zip").write_bytes(b"PK no archive")
    (place.settings.releases / "2025Q2.zip").unlink()
    shelf = Shelf(place.settings.releases, None)
    shelf.look()
    assert shelf.get("2025Q1").archive is None
    assert shelf.get("2025Q2").archive is None


@pytest.mark.parametrize(
    "path", ["", "../moshare.pub", "data", "data/", "/etc/hostname", "index.html/", "INDEX.HTML"]
)
def test_a_name_that_is_not_listed_is_not_looked_for(
    shelf: Shelf, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = shelf.get("2025Q1")
    monkeypatch.setattr("os.open", lambda *_: pytest.fail("a file was opened"))
    with pytest.raises(GateError, match="MS721"):
        shelf.read(release, path)


def test_a_look_reads_again_only_what_changed(
    shelf: Shelf, place: GatePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    real = Shelf._open

    def note(self: Shelf, name: str):
        opened.append(name)
        return real(self, name)

    monkeypatch.setattr(Shelf, "_open", note)
    shelf.look()
    assert opened == []
    os.utime(place.folder / "index.html")
    shelf.look()
    assert opened == ["2025Q1"]
    assert not isinstance(shelf.get("2025Q1"), PortalError)
