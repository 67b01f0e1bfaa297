"""The release folder: built aside, moved into place in one step, and never edited again.

Here: which files a release has, its release.json, the step that makes it appear, and whether a
folder that is already there is the same release. Not here: what is in each file (``tables``,
``datapackage``, ``page``). Nothing of the clock or the machine goes in, so that the same release
gives the same bytes wherever and whenever it is built.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from portal.codebook import AGENCIES, COLUMNS, DELIVERIES, TABLES
from portal.datapackage import describe_package
from portal.errors import PortalError
from portal.page import describe_page, render_page
from portal.signature import Signer
from portal.tables import (
    list_columns,
    list_measured_columns,
    list_measured_rows,
    list_rows,
    write_csv,
    write_parquet,
)
from portal.verify import RECORD_NAME, SIGNATURE_NAME, verify
from privacy.released import Release

FORMAT = 2
"""Version of the form of a release folder; ``verify`` knows this one and every earlier one.

The bytes of a CSV and the facts that ``_state_identity`` names are part of the form.
"""

_ELSEWHERE = ("provenance", "tables", "measurements")

README = """\
{warning}MoShare release {release_id}: counts about child trafficking in Missouri.
Open index.html in a browser. Every table is in data/, explained in datapackage.json.
data/measurements.csv holds the noisy counts from which all other numbers are made.
Check it: moshare verify {release_id} --key moshare.pub, the hub's public key
"""


def build_release(release: Release, releases_dir: Path, sign: Signer | None = None) -> Path:
    """Build ``releases_dir/<release_id>/``, or find the same release there and leave it as it is.

    A folder is the same release if it is whole, names the same draw, and its CSV files hold the
    same bytes. Its page and its Parquet files may come from another version of the software.
    Two processes may do this at once: both get the same folder.

    Args:
        release: what was drawn.
        releases_dir: the releases zone; made if absent.
        sign: signs release.json; without it the folder is unsigned.

    Raises:
        PortalError: MS701, the folder is there and differs; MS702, it cannot be written; MS703, the
            release has something this version cannot explain.
    """
    target = releases_dir / release.release_id
    try:
        releases_dir.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            _place(_list_signed_files(release, sign), releases_dir, target)
        differing = _find_differences(release, target)
    except OSError as error:
        kind = errno.errorcode.get(error.errno or 0, "an unknown error")
        raise PortalError("MS702", release_id=release.release_id, kind=kind) from None
    if differing:
        raise PortalError("MS701", release_id=release.release_id, files=", ".join(differing))
    return target


def _list_signed_files(release: Release, sign: Signer | None) -> dict[str, bytes]:
    files = list_files(release)
    if sign is not None:
        files[SIGNATURE_NAME] = sign(release.release_id, files[RECORD_NAME])
    return files


def list_files(release: Release) -> dict[str, bytes]:
    """Path to bytes of every file of a release folder, release.json last.

    Raises:
        PortalError: MS703, a table, a column, an agency or a kind of delivery has no explanation.
    """
    _check_explained(release)
    files = _list_csv_files(release)
    for table in release.tables:
        columns, rows = list_columns(table), list_rows(table, release.release_id)
        files[f"data/{table.name}.parquet"] = write_parquet(columns, rows)
    files["data/measurements.parquet"] = write_parquet(
        list_measured_columns(release), list_measured_rows(release)
    )
    files["datapackage.json"] = _to_json(describe_package(release, files))
    files["index.html"] = render_page(describe_page(release))
    files["README.txt"] = README.format(
        release_id=release.release_id,
        warning="SIMULATED DATA. " if release.provenance.is_simulated else "",
    ).encode()
    files[RECORD_NAME] = _to_json(_describe_release(release, files))
    return files


def _list_csv_files(release: Release) -> dict[str, bytes]:
    tables = {
        f"data/{table.name}.csv": write_csv(
            list_columns(table), list_rows(table, release.release_id)
        )
        for table in release.tables
    }
    measured = write_csv(list_measured_columns(release), list_measured_rows(release))
    return {**tables, "data/measurements.csv": measured}


def _check_explained(release: Release) -> None:
    deliveries = dict(release.provenance.deliveries)
    unknown = [
        *(table.name for table in release.tables if table.name not in TABLES),
        *(
            column
            for columns in (*map(list_columns, release.tables), list_measured_columns(release))
            for column in columns
            if column not in COLUMNS
        ),
        *(source for table in release.tables for source in table.sources if source not in AGENCIES),
        *(agency for agency in AGENCIES if deliveries.get(agency) not in DELIVERIES),
        *(agency for agency in deliveries if agency not in AGENCIES),
    ]
    if unknown:
        names = ", ".join(dict.fromkeys(unknown))
        reason = f"It has no explanation for {names}"
        raise PortalError("MS703", release_id=release.release_id, reason=reason)


def _describe_release(release: Release, files: Mapping[str, bytes]) -> dict[str, Any]:
    content = json.loads(release.to_json())
    return {
        "format": FORMAT,
        "simulated": release.provenance.is_simulated,
        "deliveries": dict(release.provenance.deliveries),
        **{name: content[name] for name in content if name not in _ELSEWHERE},
        "bounds": {table["name"]: table["bound"] for table in content["tables"]},
        "noise": [
            {name: measured[name] for name in ("name", "frame", "dimensions", "sigma", "rho")}
            for measured in content["measurements"]
        ],
        "files": [
            {"path": path, "bytes": len(files[path]), "sha256": _hash(files[path])}
            for path in sorted(files)
        ],
    }


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
        findings = verify(target).findings
    except PortalError:
        return [RECORD_NAME]
    if findings:
        return [finding.path for finding in findings]
    record = json.loads((target / RECORD_NAME).read_bytes())
    plan = record.get("plan")
    found = {**record, "plan": plan.get("hash") if isinstance(plan, dict) else None}
    expected = _state_identity(release)
    drawn = _list_csv_files(release)
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


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _to_json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n").encode("utf-8")
