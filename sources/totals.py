"""Reads totals that an agency delivers in place of records, and the data package about them.

Belongs here: the rules of such a delivery: every cell of the contract once, never a record, and a
description that declares what the contract asks for. Does not belong here: writing one
(`totals_package`), and adding measures, which are unlike units.
Source of the form: Data Package v2; of the hotline's restriction to totals: 28 CFR 94.115 and
34 USC 12291(b)(2).
"""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb

from sources.case_records import names_case_fields
from sources.contracts import Contract, ContractFile
from sources.csv_lines import load_csv_lines
from sources.errors import SourcesError
from sources.quarters import Quarter
from sources.record_rules import is_not_listed
from sources.workbench import (
    Check,
    FileReading,
    ask_number,
    mask_of,
    note_failed_checks,
    note_problem,
    quote,
    set_lines_aside,
)

MAX_DESCRIPTION_BYTES = 1_000_000

_REPEATED = """
    SELECT line_number FROM checked_counts
    JOIN (
        SELECT measure, {group}, min(line_number) AS first_line
        FROM checked_counts WHERE mask = 0 GROUP BY measure, {group}
    ) USING (measure, {group})
    WHERE mask = 0 AND line_number > first_line
"""

_SUMS = """
    SELECT count(DISTINCT children) FROM (
        SELECT sum(try_cast(count AS BIGINT)) AS children
        FROM {cut} WHERE starts_with(measure, 'children') GROUP BY measure
    )
"""
"""How many sums of children the tables have; each child stands in one cell of each."""

_LARGER_PARTS = """
    SELECT count(*) FROM {cut} AS part JOIN {cut} AS whole USING ({group})
    WHERE part.measure = {part} AND whole.measure = {whole}
    AND try_cast(part.count AS BIGINT) > try_cast(whole.count AS BIGINT)
"""
"""Cells of a measure that are larger than those of the measure of which they are a part."""


def read_counts(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    file: ContractFile,
    contract: Contract,
    quarter: str,
) -> FileReading:
    """Read and check a counts file; leaves the view `rows_counts`.

    Raises:
        SourcesError: MS117 no text file, MS401 wrong header, MS407 a cell is missing, MS417 the
            tables do not have the same number of children, MS419 a part is larger than its whole.
    """
    columns = file.tables["counts"]
    _, _, group, _ = columns
    cut = load_csv_lines(connection, path, "lines_counts", columns, wrong_header="MS401")
    checks = _list_checks(contract, group, quarter)
    connection.execute(
        f"CREATE TABLE checked_counts AS "  # noqa: S608
        f"SELECT line_number, measure, {group}, {mask_of(checks)} AS mask FROM {cut}"
    )
    read = ask_number(connection, "SELECT count(*) FROM lines_counts")
    note_failed_checks(connection, path.name, "checked_counts", checks)
    note_problem(connection, path.name, "MS406", group, _REPEATED.format(group=group))
    quarantined, _ = set_lines_aside(connection, path.name, "lines_counts")
    expected = sum(len(groups) for groups in contract.cells.values())
    if not quarantined and read != expected:
        raise SourcesError("MS407", file=path.name)
    if not quarantined and ask_number(connection, _SUMS.format(cut=cut)) > 1:
        raise SourcesError("MS417", file=path.name)
    for part, whole in contract.parts.items():
        told = _LARGER_PARTS.format(cut=cut, group=group, part=quote(part), whole=quote(whole))
        if not quarantined and ask_number(connection, told):
            raise SourcesError("MS419", file=path.name, part=part, whole=whole)
    connection.execute(
        f"CREATE VIEW rows_counts AS SELECT line_number, {', '.join(columns)} FROM {cut}"  # noqa: S608
    )
    return FileReading(path.name, file.role, read, read - quarantined, quarantined)


def refuse_part_of_quarter(quarter: Quarter, as_of: date) -> None:
    """Refuse totals of data that were taken before a quarter had ended; raises MS420."""
    if as_of < quarter.next().first_day:
        raise SourcesError("MS420", quarter=str(quarter))


def check_description(path: Path, counts_name: str, contract: Contract) -> None:
    """Check a datapackage.json against the contract and the name of the delivered counts file.

    Raises:
        SourcesError: MS411 not a JSON object, MS412 it describes something else or holds data
            itself, MS413 it holds case records, MS418 it does not declare what the contract asks.
    """
    document = _read_document(path)
    parts = list(_list_parts(document))
    if any(map(names_case_fields, parts)):
        raise SourcesError("MS413", file=path.name)
    resource = _find_resource(document)
    if resource is None:
        raise SourcesError("MS412", file=path.name, field="resources")
    if any(isinstance(one, dict) and "data" in one for one in parts):  # where records may stand
        raise SourcesError("MS412", file=path.name, field="resources.data")
    if resource.get("path") != counts_name:
        raise SourcesError("MS412", file=path.name, field="resources.path")
    if _list_field_names(resource) != list(contract.file_of("counts").tables["counts"]):
        raise SourcesError("MS412", file=path.name, field="resources.schema.fields")
    for name, agreed in contract.declares.items():
        if document.get(name) != list(agreed):
            raise SourcesError("MS418", file=path.name, field=name, wanted=", ".join(agreed))


def _read_document(path: Path) -> dict[str, object]:
    """The JSON object of a file; raises MS411."""
    try:
        if path.stat().st_size > MAX_DESCRIPTION_BYTES:
            raise SourcesError("MS411", file=path.name)
        document = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise SourcesError("MS411", file=path.name) from None
    if not isinstance(document, dict):
        raise SourcesError("MS411", file=path.name)
    return document


def _list_parts(document: object) -> Iterator[dict[str, object] | list[object]]:
    """Every object and array of a JSON document, however deep it lies."""
    waiting = [document]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict | list):
            yield one
            waiting.extend(one.values() if isinstance(one, dict) else one)


def _find_resource(document: dict[str, object]) -> dict[str, object] | None:
    resources = document.get("resources")
    if not isinstance(resources, list):
        return None
    for resource in resources:
        if isinstance(resource, dict) and resource.get("name") == "counts":
            return resource
    return None


def _list_field_names(resource: dict[str, object]) -> list[object]:
    schema = resource.get("schema")
    fields = schema.get("fields") if isinstance(schema, dict) else None
    if not isinstance(fields, list):
        return []
    return [field.get("name") if isinstance(field, dict) else None for field in fields]


def _list_checks(contract: Contract, group: str, quarter: str) -> list[Check]:
    cells = " OR ".join(
        f"(measure = {quote(measure)} AND {group} IN ({', '.join(map(quote, groups))}))"
        for measure, groups in contract.cells.items()
    )
    unknown_measure = is_not_listed("measure", contract.cells, may_be_blank=False)
    return [
        Check("MS131", "", "raw IS NOT NULL"),
        Check("MS402", "", "NOT is_whole"),
        Check("MS403", "quarter", f"is_whole AND quarter <> {quote(quarter)}"),
        Check("MS404", "measure", f"is_whole AND {unknown_measure}"),
        Check(
            "MS404",
            group,
            f"is_whole AND NOT {unknown_measure} AND NOT ({cells})",
        ),
        Check("MS405", "count", "is_whole AND NOT regexp_full_match(count, '[0-9]{1,9}')"),
    ]
