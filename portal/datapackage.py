"""The description machines read: Data Package v2, with a codebook of every column.

Here: datapackage.json as a plain value. Not here: the words themselves (``codebook``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from jurisdiction.state import read_state
from portal.codebook import AGENCIES, LEVELS, MEASUREMENTS, SYNTHETIC, explain_column, explain_table
from portal.measurements import list_measured_columns
from portal.tables import REAL, WHOLE, list_columns, name_geographies
from portal.wording import name_period
from privacy.released import Release, ReleasedTable

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
LICENCE = {"name": "CC0-1.0", "title": "Creative Commons Zero v1.0 Universal"}
TYPES: Mapping[str, str] = {**dict.fromkeys(WHOLE, "integer"), **dict.fromkeys(REAL, "number")}
MEDIA = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
}


def describe_package(release: Release, files: Mapping[str, bytes]) -> dict[str, Any]:
    """The package of a release.

    Args:
        release: what was drawn.
        files: path to bytes of every data file, in ``data/``.
    """
    is_simulated = release.provenance.is_simulated
    warning = "SIMULATED DATA, about no real child. " if is_simulated else ""
    tables = {table.name: table for table in release.tables}
    return {
        "$schema": PROFILE,
        "name": f"moshare-{release.release_id.lower()}",
        "title": f"Child trafficking in {read_state().name}, {name_period(release.quarter_start)}",
        "description": f"{warning}Quarterly counts with privacy noise and margins of error. "
        "Numbers of unlike units must never be added.",
        "created": release.drawn_at,
        "version": release.release_id,
        "simulated": is_simulated,
        "licenses": [LICENCE],
        "sources": [{"title": title} for title in AGENCIES.values()],
        "resources": [
            _describe_resource(release, tables, path, content)
            for path, content in files.items()
            if path.startswith("data/")
        ],
    }


def _describe_resource(
    release: Release, tables: Mapping[str, ReleasedTable], path: str, content: bytes
) -> dict[str, Any]:
    name, _, form = path.removeprefix("data/").rpartition(".")
    file = _describe_file(name, form, content)
    if name in tables:
        return {**file, **_describe_table(release, tables[name])}
    if name == "measurements":
        return {**file, **_describe_measurements(release)}
    if name.startswith("synthetic"):
        words = {"title": SYNTHETIC.title, "description": SYNTHETIC.definition}
        return {**file, **words, "caveats": [SYNTHETIC.caveats]}
    title = "All tables in one workbook" if form == "xlsx" else "Strategy of the measurements"
    return {**file, "title": title}


def _describe_table(release: Release, table: ReleasedTable) -> dict[str, Any]:
    return {
        "title": table.title,
        "description": table.definition,
        "unit": table.unit,
        "period": table.period,
        "cadence": table.cadence,
        "counting": table.kind,
        "caveats": list(list_caveats(release, table)),
        "sources": [{"title": AGENCIES[source]} for source in table.sources]
        or [{"title": "Not collected by any source"}],
        "schema": {
            "fields": [_describe_field(release, table, column) for column in list_columns(table)],
            "primaryKey": ["quarter", "geography", *table.dimensions],
            "missingValues": [""],
        },
    }


def list_caveats(release: Release, table: ReleasedTable) -> Sequence[str]:
    """What to beware of in a table, with what there is to say of its level of geography."""
    about_level = LEVELS.get(table.level)
    return (*explain_table(table, release.tables).caveats, *([about_level] if about_level else []))


def _describe_measurements(release: Release) -> dict[str, Any]:
    titles = dict(list_dimension_titles(release))
    return {
        "title": MEASUREMENTS.title,
        "description": MEASUREMENTS.definition,
        "caveats": [MEASUREMENTS.caveats],
        "sources": [{"title": title} for title in AGENCIES.values()],
        "schema": {
            "fields": [
                explain_field(column, titles.get(column, ""))
                for column in list_measured_columns(release)
            ],
            "missingValues": [""],
        },
    }


def list_dimension_titles(release: Release) -> dict[str, str]:
    """Every dimension of the published tables and its title."""
    return {
        name: title
        for table in release.tables
        for name, title in zip(table.dimensions, table.dimension_titles, strict=True)
    }


def _describe_file(name: str, form: str, content: bytes) -> dict[str, Any]:
    return {
        "name": name if form == "csv" else f"{name}_{form}",
        "path": f"data/{name}.{form}",
        **({"type": "table"} if form != "json" else {}),
        "format": form,
        "mediatype": MEDIA[form],
        **({"encoding": "utf-8"} if form == "csv" else {}),
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
    }


def _describe_field(release: Release, table: ReleasedTable, column: str) -> dict[str, Any]:
    is_number = column in TYPES
    titles = dict(zip(table.dimensions, table.dimension_titles, strict=True))
    field = {
        **explain_field(column, titles.get(column, "")),
        "unit": table.unit if is_number else "none",
        "constraints": {"required": not is_number},
    }
    if column in table.dimensions:
        position = table.dimensions.index(column)
        field["categories"] = list(dict.fromkeys(row.labels[position] for row in table.rows))
    if column == "geography":
        places = name_geographies(release)
        field["categories"] = list(
            dict.fromkeys(
                places.get((table.level, row.geography), row.geography) for row in table.rows
            )
        )
    return field


def explain_field(column: str, title: str) -> dict[str, Any]:
    """A column as the codebook states it; the title of a dimension comes with the release."""
    text = explain_column(column, title)
    return {
        "name": column,
        "type": TYPES.get(column, "string"),
        "title": text.title,
        "description": text.definition,
        "unit": "that of the table" if column in TYPES else "none",
        "caveats": text.caveats,
    }
