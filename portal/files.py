"""The files of a release and its release.json, as bytes.

Here: which files there are. Not here: what is in each (``tables``, ``workbook``, ``datapackage``,
``changes``, ``page``), and where they go (``folder``). Nothing of the clock or the machine goes in,
so that the same release gives the same bytes wherever and whenever it is built.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from jurisdiction.state import read_state
from portal.all_quarters import ALL_QUARTERS, list_all_columns, list_all_rows
from portal.changes import describe_changes
from portal.codebook import AGENCIES, DELIVERIES, explain_table
from portal.containers import RECORD_NAME
from portal.datapackage import describe_package
from portal.deployment import describe_deployment
from portal.errors import PortalError
from portal.measurements import (
    describe_strategy,
    list_measured_columns,
    list_measured_rows,
)
from portal.page.description import describe_pages
from portal.page.rendering import render_page
from portal.rates import RATE_COLUMNS, RATES, list_rate_rows
from portal.synthetic import MOVED, list_moved, list_synthetic_columns, list_synthetic_rows
from portal.tables import Row, list_columns, list_rows, write_csv, write_parquet
from portal.workbook import write_workbook
from privacy.released import NOT_COLLECTED, NOT_DELIVERED, NOT_RELEASED, Release

FORMAT = 4
"""Version of the form of a release folder; ``verify`` knows this one and every earlier one.

The bytes of a CSV and the facts by which ``folder`` tells one draw from another are part of it.
The third form wrote a year 2025 as 2025, and synthetic records by keys.
"""

Content = tuple[Sequence[str], Sequence[Row]]
"""The columns of a file of data, and its rows."""

DERIVED = (f"data/{ALL_QUARTERS}.csv", f"data/{RATES}.csv")
WORKBOOK = "data/all_tables.xlsx"
_SILENT = (NOT_COLLECTED, NOT_DELIVERED, NOT_RELEASED)
_YEAR = re.compile(rb"(?m)^CY(?=\d{4},)")
_ELSEWHERE = ("provenance", "tables", "frames", "measurements", "history", "synthetic")

README = """\
{warning}MoShare release {release_id}: counts about child trafficking in {state}.
Open index.html in a browser. Every table is in data/, explained in datapackage.json.
data/all_tables.xlsx holds all tables as one workbook, data/all_quarters.csv every number of this
and earlier quarters as one table. CHANGES.md says what is new.
data/measurements.csv holds the noisy counts from which all other numbers are made.
Check it: moshare verify {release_id} --key moshare.pub, the hub's public key
"""


def list_files(release: Release) -> dict[str, bytes]:
    """Path to bytes of every file of a release folder, release.json last.

    Raises:
        PortalError: MS703, a table, an agency or a kind of delivery has no explanation.
    """
    _check_explained(release)
    contents = {**_list_drawn(release), **_list_derived(release)}
    files = {f"data/{name}.csv": write_csv(*content) for name, content in contents.items()}
    for name, content in contents.items():
        if not name.startswith("synthetic"):
            files[f"data/{name}.parquet"] = write_parquet(*content)
    for table in release.tables:
        files[f"data/{table.name}.xlsx"] = write_workbook(release, [table])
    files[WORKBOOK] = write_workbook(release, release.tables)
    files["data/strategy.json"] = _to_json(describe_strategy(release))
    files["datapackage.json"] = _to_json(describe_package(release, files))
    files["deployment.json"] = _to_json(describe_deployment(release))
    files |= {path: render_page(page) for path, page in describe_pages(release)}
    files["CHANGES.md"] = describe_changes(release).encode()
    files["README.txt"] = README.format(
        state=read_state().name,
        release_id=release.release_id,
        warning="SIMULATED DATA. " if release.provenance.is_simulated else "",
    ).encode()
    files[RECORD_NAME] = _to_json(_describe_release(release, files))
    return files


def list_csv_files(release: Release, form: object = FORMAT) -> dict[str, bytes]:
    """Path to bytes of the CSV files that tell one draw from another, as a form of folder has them.

    Those are the tables, the measurements and synthetic records. What is made of them
    (``DERIVED``) is left out: another version of the software may make it in another way.
    """
    files = {
        f"data/{name}.csv": write_csv(*content) for name, content in _list_drawn(release).items()
    }
    if form == FORMAT:
        return files
    records = {
        f"data/synthetic_{frame.frame}.csv": write_csv(frame.columns, frame.records)
        for frame in release.synthetic
    }
    return {path: _YEAR.sub(b"", content) for path, content in {**files, **records}.items()}


def _list_drawn(release: Release) -> dict[str, Content]:
    contents: dict[str, Content] = {
        table.name: (list_columns(table), list_rows(table, release)) for table in release.tables
    }
    contents["measurements"] = (list_measured_columns(release), list_measured_rows(release))
    for frame in release.synthetic:
        records = list_synthetic_rows(release, frame)
        contents[f"synthetic_{frame.frame}"] = (list_synthetic_columns(frame), records)
    if release.synthetic:
        contents["synthetic_moved"] = (MOVED, list(list_moved(release)))
    return contents


def _list_derived(release: Release) -> dict[str, Content]:
    contents: dict[str, Content] = {
        ALL_QUARTERS: (list_all_columns(release), list_all_rows(release))
    }
    if rates := list_rate_rows(release):
        contents[RATES] = (RATE_COLUMNS, rates)
    return contents


def _list_sources(release: Release) -> list[str]:
    """The agencies of which a release must tell how they delivered."""
    counted = [
        source
        for table in release.tables
        if any(row.status not in _SILENT for row in table.rows)
        for source in table.sources
    ]
    return [*counted, *read_state().awaited]


def _check_explained(release: Release) -> None:
    deliveries = dict(release.provenance.deliveries)
    unknown = [
        *(source for table in release.tables for source in table.sources if source not in AGENCIES),
        *(source for source in _list_sources(release) if deliveries.get(source) not in DELIVERIES),
        *(agency for agency in deliveries if agency not in AGENCIES),
    ]
    for table in release.tables:
        try:
            explain_table(table, release.tables)
        except KeyError:
            unknown.append(table.name)
    if unknown:
        names = ", ".join(dict.fromkeys(unknown))
        reason = f"It has no explanation for {names}"
        raise PortalError("MS703", release_id=release.release_id, reason=reason)


def _describe_release(release: Release, files: Mapping[str, bytes]) -> dict[str, Any]:
    content = json.loads(release.to_json())
    provenance = content["provenance"]
    return {
        "format": FORMAT,
        "simulated": provenance.pop("is_simulated"),
        **provenance,
        **{name: content[name] for name in content if name not in _ELSEWHERE},
        "bounds": {table["name"]: table["bound"] for table in content["tables"]},
        "declared_public": {
            table["name"]: {"sources": table["sources"], **table["declared"]}
            for table in content["tables"]
            if table["declared"]
        },
        "noise": [
            {
                name: measured[name]
                for name in ("name", "frame", "level", "dimensions", "sigma", "rho")
            }
            for measured in content["measurements"]
        ],
        "files": [
            {"path": path, "bytes": len(files[path]), "sha256": _hash(files[path])}
            for path in sorted(files)
        ],
    }


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _to_json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n").encode("utf-8")
