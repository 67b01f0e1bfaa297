"""Release folders as files, of the form that the gate reads: made here, about nobody."""

import hashlib
import io
import json
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from portal.signature import make_signer

REGIONS = ("Kansas City", "Northeast", "Northwest", "Southeast", "Southwest", "St. Louis")
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{release_id}</title>
<style>p {{ color: black }}</style></head>
<body><p style="margin: 0">Release {release_id}</p><script>document.title += "";</script>
</body></html>
"""


def build_release_folder(
    releases: Path,
    release_id: str = "2025Q1",
    *,
    key: Path | None = None,
    archived: bool = True,
    changes: bool = True,
    form: int = 2,
    extra: dict[str, bytes] | None = None,
    periods: tuple[str, ...] = (),
    simulated: bool = True,
) -> Path:
    """Write one folder, and the ZIP beside it, as a release would be."""
    folder = releases / release_id
    files = _list_files(
        release_id,
        changes=changes,
        form=form,
        extra=extra or {},
        periods=periods or (release_id,),
        simulated=simulated,
    )
    if key is not None:
        record = files["release.json"]
        files["release.json.minisig"] = make_signer(key)(release_id, record)
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    if archived:
        with zipfile.ZipFile(releases / f"{release_id}.zip", "w") as archive:
            for path, content in files.items():
                archive.writestr(f"{release_id}/{path}", content)
    return folder


def _list_files(
    release_id: str,
    *,
    changes: bool,
    form: int,
    extra: dict[str, bytes],
    periods: tuple[str, ...],
    simulated: bool,
) -> dict[str, bytes]:
    year, quarter = int(release_id[:4]), int(release_id[5])
    table = _make_table(release_id)
    csv, parquet = io.BytesIO(), io.BytesIO()
    pyarrow.csv.write_csv(table, csv)
    pq.write_table(table, parquet)
    files = {
        "data/children_by_region.csv": csv.getvalue(),
        "data/children_by_region.parquet": parquet.getvalue(),
        "data/reports.csv": b"quarter,unit,estimate\n" + release_id.encode() + b",reports,24.2\n",
        **extra,
        "index.html": PAGE.format(release_id=release_id).encode(),
        "datapackage.json": json.dumps(
            {
                "title": f"Child trafficking in Missouri, quarter {quarter} of {year}",
                "resources": [
                    {"path": "data/children_by_region.csv", "title": "Children by region"},
                    {"path": "data/reports.csv", "title": "Reports"},
                    *({"path": f"data/{one}.csv", "period": one} for one in periods),
                ],
                "otherForms": [{"path": "data/all_tables.xlsx", "title": "All tables"}],
            }
        ).encode(),
    }
    if changes:
        files["CHANGES.md"] = b"# Changes\n\nNothing was revised.\n"
    record = {
        "format": form,
        "release_id": release_id,
        "quarter_start": f"{year}-{3 * quarter - 2:02d}-01",
        "simulated": simulated,
        "drawn_at": "2025-07-14T11:00:00Z",
        "previous": None,
        "files": [
            {
                "path": path,
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
            for path, content in sorted(files.items())
        ],
    }
    files["release.json"] = json.dumps(record, indent=1).encode()
    return files


def _make_table(release_id: str) -> pa.Table:
    return pa.table(
        {
            "quarter": [release_id] * len(REGIONS),
            "geography": list(REGIONS),
            "unit": ["children"] * len(REGIONS),
            "estimate": [104.2, 31.0, -2.5, 12.1, 22.4, 88.8],
            "moe90": [8.4, 8.4, 8.4, 8.4, 8.4, 8.4],
            "count": [104, 31, 0, 12, 22, 89],
            "status": ["estimated", "estimated", "not distinguishable from zero"] * 2,
        }
    )
