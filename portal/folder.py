"""The release folder and its ZIP: built aside, moved into place in one step, never edited again.

Here: the step that makes a release appear, and whether what is already there is the same release.
Not here: which files a release has and what is in them (``files``).
"""

from __future__ import annotations

import errno
import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from durable.writing import draft_folder, move_folder, write_once
from portal.archive import pack
from portal.containers import RECORD_NAME, SIGNATURE_NAME
from portal.errors import PortalError
from portal.files import DERIVED, list_csv_files, list_files
from portal.signature import Signer
from portal.verify import is_stray, verify
from privacy.released import Release

_LOG = logging.getLogger(__name__)
_READ_ONLY = 0o444


Judge = Callable[[Path], None]
"""Raises an error of its own where a built folder may not be opened to anyone."""


def build_release(
    release: Release,
    releases_dir: Path,
    sign: Signer | None = None,
    judge: Judge = lambda _: None,
) -> Path:
    """Build ``releases_dir/<release_id>/`` and its ZIP, or find the same release there.

    What is there is left as it is. A folder is the same release if it is whole, names the same
    draw, and its CSV files of what was drawn hold the same bytes in the form that it names. Its
    other files may come from another version of the software. Two processes may do this at once:
    both get the same folder.

    Args:
        release: what was drawn.
        releases_dir: the releases zone; made if absent.
        sign: signs release.json; without it the folder is unsigned.
        judge: looks at the folder while it lies aside, where nobody is served from; it appears only
            if this raises nothing.

    Raises:
        PortalError: MS701, the folder is there and differs; MS702, it cannot be written; MS703, the
            release has something this version cannot explain; MS705, another archive is there.
    """
    target = releases_dir / release.release_id
    try:
        if not target.exists():
            _place(_list_signed_files(release, sign), target, judge)
        differing = _find_differences(release, target)
        is_packed = bool(differing) or _place_archive(release, target)
    except OSError as error:
        kind = errno.errorcode.get(error.errno or 0, "an unknown error")
        raise PortalError("MS702", release_id=release.release_id, kind=kind) from None
    if differing:
        raise PortalError("MS701", release_id=release.release_id, files=", ".join(differing))
    if not is_packed:
        raise PortalError("MS705", file=f"{target.name}.zip")
    return target


def _list_signed_files(release: Release, sign: Signer | None) -> dict[str, bytes]:
    files = list_files(release)
    if sign is not None:
        files[SIGNATURE_NAME] = sign(release.release_id, files[RECORD_NAME])
    return files


def _place(files: Mapping[str, bytes], target: Path, judge: Judge) -> None:
    """Write all files aside and rename the folder; a folder that came first is left alone."""
    with draft_folder(target, _READ_ONLY) as aside:
        built = aside / target.name
        for path, content in files.items():
            _write(built / path, content)
        for folder in (built / "data", built):
            folder.chmod(0o755)
        judge(built)
        try:
            move_folder(built, target)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise


def _place_archive(release: Release, target: Path) -> bool:
    """Put the folder's ZIP beside it; false if another one is there, which is left alone."""
    files = {
        path.relative_to(target).as_posix(): path.read_bytes()
        for path in target.rglob("*")
        if path.is_file() and not is_stray(path.name)
    }
    content = pack(release.release_id, release.drawn_at, files)
    archive = target.with_name(f"{target.name}.zip")
    if write_once(archive, content, _READ_ONLY):
        return True
    return archive.is_file() and archive.read_bytes() == content


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(_READ_ONLY)


def _find_differences(release: Release, target: Path) -> list[str]:
    """Files of a folder that are not those of this release; empty if it is the same release."""
    try:
        verification = verify(target)
    except PortalError:
        return [RECORD_NAME]
    if verification.strays:
        _LOG.warning("%s", verification.stray_sentence)
    if verification.findings:
        return [finding.path for finding in verification.findings]
    record = json.loads((target / RECORD_NAME).read_bytes())
    plan = record.get("plan")
    found = {**record, "plan": plan.get("hash") if isinstance(plan, dict) else None}
    expected = _state_identity(release)
    drawn = list_csv_files(release, record.get("format"))
    present = {
        name: path.read_bytes()
        for path in target.rglob("*.csv")
        if (name := path.relative_to(target).as_posix()) not in DERIVED
    }
    return [
        *(f"{RECORD_NAME} ({name})" for name in expected if found.get(name) != expected[name]),
        *sorted(path for path in {*drawn, *present} if drawn.get(path) != present.get(path)),
    ]


def _state_identity(release: Release) -> dict[str, object]:
    """What tells one draw from another, by its name in release.json."""
    return {
        "release_id": release.release_id,
        "plan": release.plan.hash,
        "drawn_at": release.drawn_at,
        "ledger_head": release.ledger_head,
        "deliveries": dict(release.provenance.deliveries),
        "simulated": release.provenance.is_simulated,
    }
