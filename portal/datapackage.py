"""The description machines read: Data Package v2, with a codebook of every column.

Here: datapackage.json as a plain value. Not here: the words themselves (``codebook``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from portal.codebook import AGENCIES, COLUMNS, MEASUREMENTS, TABLES
from portal.tables import REAL, WHOLE, list_columns, list_measured_columns
from portal.wording import name_period
from privacy.released import Release, ReleasedTable

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
LICENCE = {"name": "CC0-1.0", "title": "Creative Commons Zero v1.0 Universal"}
TYPES: Mapping[str, str] = {**dict.fromkeys(WHOLE, "integer"), **dict.fromkeys(REAL, "number")}
FORMS = ("csv", "parquet")
MEDIA = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}


def describe_package(release: Release, files: Mapping[str, bytes]) -> dict[str, Any]:
    """The package of a release.

    Args:
        release: what was drawn.
        files: path to bytes of every data file, ``data/<table>.csv`` and ``data/<table>.parquet``.
    """
    is_simulated = release.provenance.is_simulated
    warning = "SIMULATED DATA, about no real child. " if is_simulated else ""
    return {
        "$schema": PROFILE,
        "name": f"moshare-{release.release_id.lower()}",
        "title": f"Child trafficking in Missouri, {name_period(release.quarter_start)}",
        "description": f"{warning}Quarterly counts with privacy noise and margins of error. "
        "Numbers of unlike units must never be added.",
        "created": release.drawn_at,
        "simulated": is_simulated,
        "licenses": [LICENCE],
        "sources": [{"title": title} for title in AGENCIES.values()],
        "resources": [
            _describe_resource(table, form, files[f"data/{table.name}.{form}"])
            for table in release.tables
            for form in FORMS
        ]
        + [
            _describe_measurements(release, form, files[f"data/measurements.{form}"])
            for form in FORMS
        ],
    }


def _describe_resource(table: ReleasedTable, form: str, content: bytes) -> dict[str, Any]:
    return {
        **_describe_file(table.name, form, content),
        "title": table.title,
        "description": table.definition,
        "unit": table.unit,
        "caveats": list(TABLES[table.name].caveats),
        "sources": [{"title": AGENCIES[source]} for source in table.sources]
        or [{"title": "Not collected by any source"}],
        "schema": {
            "fields": [_describe_field(table, column) for column in list_columns(table)],
            "primaryKey": ["quarter", *table.dimensions],
            "missingValues": [""],
        },
    }


def _describe_measurements(release: Release, form: str, content: bytes) -> dict[str, Any]:
    return {
        **_describe_file("measurements", form, content),
        "title": MEASUREMENTS.title,
        "description": MEASUREMENTS.definition,
        "caveats": [MEASUREMENTS.caveats],
        "sources": [{"title": title} for title in AGENCIES.values()],
        "schema": {
            "fields": [_explain_column(column) for column in list_measured_columns(release)],
            "missingValues": [""],
        },
    }


def _describe_file(name: str, form: str, content: bytes) -> dict[str, Any]:
    return {
        "name": name if form == "csv" else f"{name}_{form}",
        "path": f"data/{name}.{form}",
        "type": "table",
        "format": form,
        "mediatype": MEDIA[form],
        **({"encoding": "utf-8"} if form == "csv" else {}),
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
    }


def _describe_field(table: ReleasedTable, column: str) -> dict[str, Any]:
    is_number = column in TYPES
    field = {
        **_explain_column(column),
        "unit": table.unit if is_number else "none",
        "constraints": {"required": not is_number},
    }
    if column in table.dimensions:
        position = table.dimensions.index(column)
        field["categories"] = list(dict.fromkeys(row.labels[position] for row in table.rows))
    return field


def _explain_column(column: str) -> dict[str, Any]:
    text = COLUMNS[column]
    return {
        "name": column,
        "type": TYPES.get(column, "string"),
        "title": text.title,
        "description": text.definition,
        "unit": "that of the table" if column in TYPES else "none",
        "caveats": text.caveats,
    }
