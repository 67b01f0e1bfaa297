"""The ZIP of a release: the same bytes anywhere, verified unopened, and no trick gets through."""

import io
import stat
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from portal_folders import read_all

from portal import containers
from portal.containers import Problem
from portal.errors import PortalError
from portal.folder import build_release
from portal.keys import ensure_signing_key
from portal.signature import check_signature, make_signer
from portal.verify import verify
from privacy.released import Release


@pytest.fixture
def archive(built: Path) -> Path:
    return built.with_name("2025Q1.zip")


def rewrite(archive: Path, change: Callable[[zipfile.ZipFile], object], *left_out: str) -> Path:
    """A copy of the archive without some entries and with what `change` adds."""
    changed = archive.with_name("changed.zip")
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(changed, "w") as new:
        for entry in old.infolist():
            if entry.filename not in left_out:
                new.writestr(entry, old.read(entry))
        change(new)
    return changed


def refused(path: Path, words: str) -> None:
    with pytest.raises(PortalError, match=rf"MS718.*{words}") as caught:
        verify(path)
    assert caught.value.exit_code == 8


def test_the_archive_holds_the_bytes_of_the_folder(built: Path, archive: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        packed = {entry: opened.read(entry) for entry in opened.namelist()}
    assert packed == {f"2025Q1/{path}": content for path, content in read_all(built).items()}
    assert archive.stat().st_mode & 0o777 == 0o444


def test_two_builds_give_the_same_archive_byte_for_byte(
    release: Release, archive: Path, tmp_path: Path
) -> None:
    build_release(release, tmp_path / "elsewhere")
    assert (tmp_path / "elsewhere" / "2025Q1.zip").read_bytes() == archive.read_bytes()


def test_an_archive_carries_the_time_of_the_draw_and_nothing_of_the_machine(archive: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        for entry in opened.infolist():
            assert entry.date_time == (2025, 4, 15, 11, 0, 0)
            assert entry.external_attr >> 16 == stat.S_IFREG | 0o644
            assert not entry.extra


def test_a_lost_archive_is_packed_again_from_the_folder(
    release: Release, built: Path, archive: Path
) -> None:
    before = archive.read_bytes()
    archive.unlink()
    build_release(release, built.parent)
    assert archive.read_bytes() == before


def test_another_archive_beside_the_folder_is_left_alone_and_told(
    release: Release, built: Path, archive: Path
) -> None:
    archive.chmod(0o644)
    archive.write_bytes(b"something else")
    with pytest.raises(PortalError, match=r"MS705.*2025Q1\.zip") as caught:
        build_release(release, built.parent)
    assert caught.value.exit_code == 7
    assert archive.read_bytes() == b"something else"


def test_an_archive_is_verified_like_its_folder(built: Path, archive: Path) -> None:
    in_folder, in_archive = verify(built), verify(archive)
    assert in_archive.passed
    assert in_archive.fingerprint == in_folder.fingerprint
    assert in_archive.files_checked == in_folder.files_checked


def test_the_signature_of_an_archive_is_checked(release: Release, tmp_path: Path) -> None:
    ensure_signing_key(tmp_path / "key", tmp_path / "moshare.pub")
    built = build_release(release, tmp_path / "releases", make_signer(tmp_path / "key"))
    check_signature(built.with_name("2025Q1.zip"), tmp_path / "moshare.pub")


def test_the_signature_of_an_unsigned_archive_is_missed(archive: Path, tmp_path: Path) -> None:
    ensure_signing_key(tmp_path / "key", tmp_path / "moshare.pub")
    with pytest.raises(PortalError, match="MS716"):
        check_signature(archive, tmp_path / "moshare.pub")


def test_a_changed_a_missing_and_an_added_entry_are_found(archive: Path) -> None:
    name = "2025Q1/data/reports.csv"
    for change, found in (
        (lambda new: new.writestr(name, b"other"), Problem.CHANGED),
        (lambda new: None, Problem.MISSING),
    ):
        (finding,) = verify(rewrite(archive, change, name)).findings
        assert (finding.path, finding.problem) == ("data/reports.csv", found)
    added = rewrite(archive, lambda new: new.writestr("2025Q1/more.txt", b""))
    assert [finding.problem for finding in verify(added).findings] == [Problem.EXTRA]


def test_an_archive_that_was_packed_anew_by_other_programs_is_verified(archive: Path) -> None:
    again = archive.with_name("again.zip")
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("2025Q1/", b"")
        for entry in reversed(old.infolist()):
            new.writestr(entry.filename, old.read(entry))
    assert verify(again).passed


@pytest.mark.parametrize(
    "name",
    [
        "../outside.txt",
        "2025Q1/../../outside.txt",
        "/etc/cron.d/job",
        "2025Q1/data\\..\\..\\outside.txt",
        "C:/outside.txt",
        "beside.txt",
        "2025Q1/./again.txt",
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(archive: Path, name: str) -> None:
    entry = zipfile.ZipInfo("placeholder")
    entry.filename = entry.orig_filename = name
    refused(rewrite(archive, lambda new: new.writestr(entry, b"x")), "outside")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_same_path_twice_is_refused(archive: Path) -> None:
    name = "2025Q1/README.txt"
    refused(rewrite(archive, lambda new: new.writestr(name, b"x")), "twice")


def test_two_folders_in_one_archive_are_refused(archive: Path) -> None:
    refused(rewrite(archive, lambda new: new.writestr("2025Q2/a.txt", b"x")), "more than one")


def test_a_link_in_an_archive_is_never_followed(archive: Path) -> None:
    entry = zipfile.ZipInfo("2025Q1/README.txt")
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    changed = rewrite(archive, lambda new: new.writestr(entry, b"/etc/hostname"), entry.filename)
    assert [finding.problem for finding in verify(changed).findings] == [Problem.NOT_A_FILE]
    entry.filename = "2025Q1/release.json"
    changed = rewrite(archive, lambda new: new.writestr(entry, b"/etc/hostname"), entry.filename)
    with pytest.raises(PortalError, match="MS711"):
        verify(changed)


def test_an_encrypted_entry_and_an_unusual_packing_are_refused(archive: Path) -> None:
    packed = rewrite(
        archive, lambda new: new.writestr("2025Q1/a.txt", b"x", compress_type=zipfile.ZIP_BZIP2)
    )
    refused(packed, "unusual")
    content = bytearray(archive.read_bytes())
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 8] |= 1
    archive.with_name("encrypted.zip").write_bytes(bytes(content))
    refused(archive.with_name("encrypted.zip"), "encrypted")


def test_an_archive_that_claims_too_much_is_not_read(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "LARGEST_ARCHIVE", 1000)
    refused(archive, "more than a release can hold")
    monkeypatch.undo()
    monkeypatch.setattr(containers, "MOST_ENTRIES", 3)
    refused(archive, "more than a release can hold")


def test_an_entry_that_holds_more_than_it_claims_is_found_without_unpacking_it(
    archive: Path,
) -> None:
    name = "2025Q1/README.txt"
    bomb = rewrite(
        archive,
        lambda new: new.writestr(name, b"0" * 10_000_000, compress_type=zipfile.ZIP_DEFLATED),
        name,
    )
    assert [finding.problem for finding in verify(bomb).findings] == [Problem.CHANGED]
    content = bytearray(bomb.read_bytes())
    directory = content.rindex(b"PK\x01\x02", 0, content.rindex(name.encode()))
    content[directory + 24 : directory + 28] = (326).to_bytes(4, "little")
    bomb.write_bytes(bytes(content))
    assert [finding.problem for finding in verify(bomb).findings] == [Problem.CHANGED]


def test_a_record_of_absurd_size_in_an_archive_is_not_read(archive: Path) -> None:
    large = b" " * (containers.LARGEST_RECORD + 1)
    name = "2025Q1/release.json"
    packed = rewrite(
        archive,
        lambda new: new.writestr(name, large, compress_type=zipfile.ZIP_DEFLATED),
        name,
    )
    with pytest.raises(PortalError, match=r"MS712.*too large"):
        verify(packed)


def test_damage_inside_an_archive_is_found_or_refused(archive: Path) -> None:
    content = archive.read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        places = {entry.filename: entry.header_offset for entry in opened.infolist()}
    for name, outcome in (("2025Q1/README.txt", None), ("2025Q1/release.json", "MS718")):
        damaged = bytearray(content)
        damaged[places[name] + 30 + len(name) + 5] ^= 1
        archive.with_name("damaged.zip").write_bytes(bytes(damaged))
        if outcome is None:
            found = verify(archive.with_name("damaged.zip")).findings
            assert [finding.problem for finding in found] == [Problem.CHANGED]
        else:
            refused(archive.with_name("damaged.zip"), "damaged")


def test_a_header_that_names_another_file_is_found(archive: Path) -> None:
    content = archive.read_bytes()
    first = content.index(b"2025Q1/README.txt")
    renamed = content[:first] + b"2025Q1/README.exe" + content[first + 17 :]
    archive.with_name("renamed.zip").write_bytes(renamed)
    found = verify(archive.with_name("renamed.zip")).findings
    assert [finding.problem for finding in found] == [Problem.CHANGED]


def test_a_file_that_is_no_archive_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("no archive")
    with pytest.raises(PortalError, match="MS711"):
        verify(tmp_path / "text.zip")
    empty = tmp_path / "empty.zip"
    with zipfile.ZipFile(empty, "w"):
        pass
    with pytest.raises(PortalError, match="MS711"):
        verify(empty)


def test_an_archive_whose_directory_is_damaged_is_a_sentence(archive: Path) -> None:
    content = bytearray(archive.read_bytes())
    directory = content.rindex(b"PK\x01\x02")
    content[directory : directory + 4] = b"none"
    archive.with_name("damaged.zip").write_bytes(bytes(content))
    refused(archive.with_name("damaged.zip"), "damaged")


def test_another_draw_gives_another_archive(
    release: Release, archive: Path, tmp_path: Path
) -> None:
    later = replace(release, drawn_at="2025-04-16T11:00:00Z")
    build_release(later, tmp_path / "later")
    assert (tmp_path / "later" / "2025Q1.zip").read_bytes() != archive.read_bytes()
