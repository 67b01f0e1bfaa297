"""The description machines read: Data Package v2, with a codebook of every column.

Here: datapackage.json as a plain value. Not here: the words themselves (``codebook``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from jurisdiction.state import read_state
from portal.all_quarters import ALL_QUARTERS, list_all_keys
from portal.codebook import AGENCIES, FILES, SYNTHETIC, list_caveats
from portal.columns import explain_column
from portal.rates import RATES
from portal.tables import REAL, WHOLE, list_columns, list_dimension_titles, name_geographies
from portal.wording import name_period
from portal.workbook import FIRST_ROW, name_sheets
from privacy.released import Release, ReleasedTable

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
LICENCE = {"name": "CC0-1.0", "title": "Creative Commons Zero v1.0 Universal"}
FOLDER = "data/"
OTHER = ("parquet", "xlsx")
"""Forms that not every reader of tables can read; each stands beside the CSV with the same rows."""
TYPES: Mapping[str, str] = {**dict.fromkeys(WHOLE, "integer"), **dict.fromkeys(REAL, "number")}
MEDIA = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
}


def describe_package(release: Release, files: Mapping[str, bytes]) -> dict[str, Any]:
    """The package of a release.

    Only what every reader of tables can read is a table here: CSV files. Other forms of a table
    stand beside it, with what a reader of theirs needs.

    Args:
        release: what was drawn.
        files: path to bytes of every data file, in ``data/``.
    """
    is_simulated = release.provenance.is_simulated
    warning = "SIMULATED DATA, about no real child. " if is_simulated else ""
    forms = _list_other_forms(release, files)
    described = [(path, *_split(path)) for path in files if path.startswith(FOLDER)]
    return {
        "$schema": PROFILE,
        "name": f"moshare-{release.release_id.lower()}",
        "title": f"Child trafficking in {read_state().name}, {name_period(release.quarter_start)}",
        "description": f"{warning}Quarterly counts with privacy noise and margins of error; what "
        "is declared public has none. Numbers of unlike units must never be added.",
        "created": release.drawn_at,
        "version": release.release_id,
        "simulated": is_simulated,
        "licenses": [LICENCE],
        "sources": _list_sources(release),
        "resources": [
            {
                **_describe_resource(release, name, form, files[path]),
                **({"otherForms": forms.pop(name)} if name in forms else {}),
            }
            for path, name, form in described
            if form not in OTHER
        ],
        "otherForms": [
            {**one, "title": "All tables in one workbook"}
            for left in forms.values()
            for one in left
        ],
    }


def _split(path: str) -> tuple[str, str]:
    """The name of a data file without its folder and form, and its form."""
    name, _, form = path.removeprefix(FOLDER).rpartition(".")
    return name, form


def _list_other_forms(
    release: Release, files: Mapping[str, bytes]
) -> dict[str, list[dict[str, Any]]]:
    """Files that not every reader can read, by name; of one table's workbook, where it stands."""
    tables = {table.name: table for table in release.tables}
    forms: dict[str, list[dict[str, Any]]] = {}
    for path, content in files.items():
        name, form = _split(path)
        if form in OTHER:
            file = {"path": path, "mediatype": MEDIA[form], **_measure(content)}
            if form == "xlsx" and name in tables:
                sheet = name_sheets([tables[name]])[name]
                file["dialect"] = {"sheetName": sheet, "headerRows": [FIRST_ROW + 1]}
            forms.setdefault(name, []).append(file)
    return forms


def _describe_resource(release: Release, name: str, form: str, content: bytes) -> dict[str, Any]:
    tables = {table.name: table for table in release.tables}
    file = _describe_file(name, form, content)
    if name in tables:
        return {**file, **_describe_table(release, tables[name])}
    if form == "json":
        return {**file, "title": "Strategy of the measurements"}
    return {**file, **_describe_other(release, name, content)}


def _describe_table(release: Release, table: ReleasedTable) -> dict[str, Any]:
    return {
        "title": table.title,
        "description": table.definition,
        "unit": table.unit,
        "period": table.period,
        "cadence": table.cadence,
        "counting": table.kind,
        **({"declaredPublic": asdict(table.declared)} if table.declared else {}),
        "caveats": list(list_caveats(table, release.tables)),
        "sources": [{"title": AGENCIES[source]} for source in table.sources]
        or [{"title": "Not collected by any source"}],
        "schema": {
            "fields": [_describe_field(release, table, column) for column in list_columns(table)],
            "primaryKey": ["quarter", "geography", *table.dimensions],
            "missingValues": [""],
        },
    }


def _list_sources(release: Release) -> list[dict[str, str]]:
    """The agencies whose deliveries a release tells."""
    told = {agency for agency, _ in release.provenance.deliveries}
    return [{"title": title} for agency, title in AGENCIES.items() if agency in told]


def _describe_other(release: Release, name: str, content: bytes) -> dict[str, Any]:
    """A file of rows that is no table of the policy: its words, and its columns as it has them."""
    titles = list_dimension_titles(release)
    words = FILES.get(name, SYNTHETIC)
    header = content.decode("utf-8").split("\n", 1)[0].split(",")
    keys = {
        ALL_QUARTERS: list_all_keys(release),
        RATES: ("vintage", "period", "table", "geography"),
        "synthetic_moved": ("frame", "table"),
    }.get(name, ())
    fields = [explain_field(column, titles.get(column, "")) for column in header]
    return {
        "title": words.title,
        "description": words.definition,
        "caveats": [words.caveats],
        "sources": _list_sources(release),
        "schema": {
            "fields": [
                {**field, "constraints": {"required": True}} if field["name"] in keys else field
                for field in fields
            ],
            **({"primaryKey": list(keys)} if keys else {}),
            "missingValues": [""],
        },
    }


def _describe_file(name: str, form: str, content: bytes) -> dict[str, Any]:
    return {
        "name": name if form == "csv" else f"{name}_{form}",
        "path": f"data/{name}.{form}",
        **({"type": "table"} if form == "csv" else {}),
        "format": form,
        "mediatype": MEDIA[form],
        **({"encoding": "utf-8"} if form == "csv" else {}),
        **_measure(content),
    }


def _measure(content: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    return {"bytes": len(content), "hash": f"sha256:{digest}"}


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
