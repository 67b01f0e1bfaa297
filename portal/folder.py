"""The release folder and its ZIP: built aside, moved into place in one step, never edited again.

Here: the step that makes a release appear, and whether what is already there is the same release.
Not here: which files a release has and what is in them (``files``).
"""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from portal.archive import pack
from portal.containers import RECORD_NAME, SIGNATURE_NAME
from portal.errors import PortalError
from portal.files import list_csv_files, list_files
from portal.signature import Signer
from portal.verify import is_stray, verify
from privacy.released import Release

_LOG = logging.getLogger(__name__)


def build_release(release: Release, releases_dir: Path, sign: Signer | None = None) -> Path:
    """Build ``releases_dir/<release_id>/`` and its ZIP, or find the same release there.

    What is there is left as it is. A folder is the same release if it is whole, names the same
    draw, and its CSV files hold the same bytes. Its other files may come from another version of
    the software. Two processes may do this at once: both get the same folder.

    Args:
        release: what was drawn.
        releases_dir: the releases zone; made if absent.
        sign: signs release.json; without it the folder is unsigned.

    Raises:
        PortalError: MS701, the folder is there and differs; MS702, it cannot be written; MS703, the
            release has something this version cannot explain; MS705, another archive is there.
    """
    target = releases_dir / release.release_id
    try:
        releases_dir.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            _place(_list_signed_files(release, sign), releases_dir, target)
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


def _place(files: Mapping[str, bytes], releases_dir: Path, target: Path) -> None:
    """Write all files aside and rename the folder; a folder that came first is left alone."""
    aside = Path(tempfile.mkdtemp(dir=releases_dir, prefix=f".{target.name}-"))
    try:
        for path, content in files.items():
            _write(aside / path, content)
        for folder in (aside / "data", aside):
            folder.chmod(0o755)
            _sync(folder)
        try:
            aside.rename(target)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
        _sync(releases_dir)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _place_archive(release: Release, target: Path) -> bool:
    """Put the folder's ZIP beside it; false if another one is there, which is left alone."""
    files = {
        path.relative_to(target).as_posix(): path.read_bytes()
        for path in target.rglob("*")
        if path.is_file() and not is_stray(path.name)
    }
    content = pack(release.release_id, release.drawn_at, files)
    archive = target.with_name(f"{target.name}.zip")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{archive.name}-") as aside:
        _write(Path(aside) / archive.name, content)
        try:
            os.link(Path(aside) / archive.name, archive)
        except FileExistsError:
            return archive.is_file() and archive.read_bytes() == content
    _sync(target.parent)
    return True


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o444)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


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
    drawn = list_csv_files(release)
    present = {
        path.relative_to(target).as_posix(): path.read_bytes() for path in target.rglob("*.csv")
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
