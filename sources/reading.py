"""Reads the files of one delivery by its contract into raw tables.

Belongs here: choosing the reader, the rules that every file must keep (rows as in the manifest,
not too many set aside), writing the raw tables. Does not belong here: the rules of a format, and
where tables finally lie (`storing`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import duckdb

from sources.afcars import CHILD_OF_A_LINE, read_care
from sources.containers import unwrap
from sources.contracts import Contract, ContractFile
from sources.delivery_keys import SecretKeys
from sources.disguises import refuse_disguise
from sources.encryption import name_inside
from sources.errors import LineProblem, SourcesError
from sources.fixed_width import write_fields
from sources.former_quarters import list_unlike
from sources.layout import RecordLayout, load_ncands_layout, load_nibrs_layout
from sources.manifest import Manifest, ManifestFile
from sources.meetings import Met, find_others, say_meeting
from sources.ncands import read_child_file
from sources.nibrs import SEGMENT_TABLES, read_segments
from sources.nibrs_period import Circumstances, check_place_and_period
from sources.quarters import Quarter
from sources.tokens import read_tokens
from sources.totals import check_description, read_counts, refuse_part_of_quarter
from sources.workbench import (
    SET_ASIDE,
    FileReading,
    ask_number,
    count_blanked,
    list_problems,
    note_problem,
    open_workbench,
    quote,
    write_parquet,
)

_READERS = {
    "ncands_child_file": read_child_file,
    "tokens": read_tokens,
}


@dataclass(frozen=True)
class DeliveryReading:
    """What was found.

    Attributes:
        files: what became of the lines of each file.
        problems: what is the matter with lines.
        error: why the delivery must be rejected, or None.
        unlike: sentences on what is unlike the quarters before, or what it must agree with.
        remarks: sentences about the delivery as a whole that change nothing.
    """

    files: tuple[FileReading, ...]
    problems: tuple[LineProblem, ...]
    error: SourcesError | None
    unlike: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def read_delivery(
    delivery: Path,
    manifest: Manifest,
    contract: Contract,
    received_at: datetime,
    earlier: Path,
    keys: SecretKeys,
    first_day_of_record: date | None = None,
) -> DeliveryReading:
    """Read the copied files of a delivery; DuckDB may spill into the parent of its folder.

    `earlier` is the folder of the raw tables of the agency's accepted deliveries, and the keys open
    what is encrypted; what is dated before the first day of record is named.

    Writes `_raw/<table>.parquet` for every table of the contract and `_raw/deliveries.parquet`
    unless the delivery must be rejected, and `_records/records.parquet` if records were set aside.
    """
    readings: list[FileReading] = []
    error = None
    unlike: list[str] = []
    met = Met()
    others = find_others(earlier, contract.meets)
    circumstances = Circumstances(
        Quarter.parse(manifest.quarter),
        manifest.as_of,
        manifest.kind,
        frozenset(manifest.unusual),
        first_day_of_record,
        earlier,
        contract.police_agencies,
    )
    with open_workbench(delivery.parent, earlier, others) as connection:
        try:
            if contract.cells:
                refuse_part_of_quarter(circumstances.quarter, manifest.as_of)
            for file in manifest.files:
                reading = _read_file(
                    connection, delivery, file, circumstances, contract, manifest, keys
                )
                if reading:
                    blanked = count_blanked(connection, file.name)
                    readings.append(replace(reading, lines_blanked=blanked))
                    _check_reading(connection, reading, file, contract)
                if contract.file_of(file.role).format == "nibrs_flat":
                    check_place_and_period(connection, file.name, circumstances)
            _compare_with_roster(connection, manifest)
            if contract.meets and manifest.files:
                name = manifest.files[0].name
                met = say_meeting(connection, name, contract.meets, others)
        except SourcesError as found:
            error = found
        problems = list_problems(connection)
        if not all(problem.is_note for problem in problems):
            (delivery / "_records").mkdir()
            records = f"{SET_ASIDE} ORDER BY file, line_number, code, field"
            write_parquet(connection, records, delivery / "_records" / "records.parquet")
        if error is None:
            unlike = [*_compare_with_before(connection, manifest, contract, earlier), *met.warnings]
            _write_tables(connection, delivery, manifest, contract, received_at)
    return DeliveryReading(tuple(readings), problems, error, tuple(unlike), met.remarks)


def _compare_with_before(
    connection: duckdb.DuckDBPyConnection, manifest: Manifest, contract: Contract, earlier: Path
) -> list[str]:
    """What is unlike the quarters before; a part of a quarter is unlike them by its nature."""
    if manifest.kind != "full":
        return []
    quarter = Quarter.parse(manifest.quarter)
    return list(list_unlike(connection, contract, quarter, earlier))


def _read_file(
    connection: duckdb.DuckDBPyConnection,
    delivery: Path,
    file: ManifestFile,
    circumstances: Circumstances,
    contract: Contract,
    manifest: Manifest,
    keys: SecretKeys,
) -> FileReading | None:
    agreed = contract.file_of(file.role)
    with unwrap(delivery / file.name, delivery.parent, agreed, keys) as path:
        with path.open("rb") as content:
            refuse_disguise(content, file.name, agreed)
        return _read_plain(connection, path, agreed, circumstances, contract, manifest)


def _read_plain(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    agreed: ContractFile,
    circumstances: Circumstances,
    contract: Contract,
    manifest: Manifest,
) -> FileReading | None:
    if agreed.format == "datapackage":
        counts = next(other.name for other in manifest.files if other.role == "counts")
        check_description(path, name_inside(counts), contract)
        return None
    if agreed.format == "counts":
        return read_counts(connection, path, agreed, contract, manifest.quarter)
    if agreed.format == "afcars_ooh":
        return read_care(connection, path, agreed, contract, circumstances.quarter)
    if agreed.format == "nibrs_flat":
        return read_segments(connection, path, agreed, circumstances)
    return _READERS[agreed.format](connection, path, agreed)


def _check_reading(
    connection: duckdb.DuckDBPyConnection,
    reading: FileReading,
    file: ManifestFile,
    contract: Contract,
) -> None:
    agreed = contract.file_of(file.role)
    if (reading.reports_read or reading.lines_read) != file.rows:
        raise SourcesError("MS113", file=file.name)
    if reading.lines_read == 0 and agreed.required:
        raise SourcesError("MS121", file=file.name)
    if reading.lines_quarantined > contract.max_quarantined_share * reading.lines_read:
        record = _RECORDS.get(agreed.format, "line_number")
        lost = f"SELECT DISTINCT {record} FROM set_aside WHERE file = {quote(file.name)}"  # noqa: S608
        if ask_number(connection, f"SELECT count(*) FROM ({lost})") > contract.quarantined_floor:  # noqa: S608
            raise SourcesError("MS116", file=file.name, share=contract.limit)
    if reading.lines_read == reading.lines_quarantined > 0:
        raise SourcesError("MS149", file=file.name)


# ORI and incident number of a segment of levels 1 to 6; any other line is a record of its own.
_INCIDENT = """
    CASE WHEN record[5:5] BETWEEN '1'::BLOB AND '6'::BLOB THEN record[17:37]
    ELSE encode(line_number::VARCHAR) END
"""

_RECORDS = {"nibrs_flat": _INCIDENT, "afcars_ooh": CHILD_OF_A_LINE}
"""What counts as one record of lines that were set aside, where several lines are one."""


def _compare_with_roster(connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> None:
    """Note zero reports for a month of the quarter that the roster says was not reported."""
    delivered = [file.name for file in manifest.files if file.role == "nibrs"]
    if not manifest.agency_roster or not delivered:
        return
    connection.execute("CREATE TABLE reporting (ori VARCHAR, month VARCHAR)")
    connection.executemany(
        "INSERT INTO reporting VALUES (?, ?)",
        [
            (one.ori, month)
            for one in manifest.agency_roster
            for month, is_reporting in one.reporting.items()
            if is_reporting
        ]
        or [("", "")],
    )
    months = ", ".join(map(quote, Quarter.parse(manifest.quarter).months))
    not_reporting = (
        "SELECT line_number FROM (SELECT line_number, ori, "  # noqa: S608
        "zero_report_year || '-' || zero_report_month AS month FROM rows_zero_report) AS zero "
        f"ANTI JOIN reporting USING (ori, month) WHERE month IN ({months})"
    )
    note_problem(connection, delivered[0], "MS148", "zero_report_month", not_reporting)


def _write_tables(
    connection: duckdb.DuckDBPyConnection,
    delivery: Path,
    manifest: Manifest,
    contract: Contract,
    received_at: datetime,
) -> None:
    folder = delivery / "_raw"
    folder.mkdir()
    delivered = {file.role for file in manifest.files}
    quarter_start = Quarter.parse(manifest.quarter).first_day.isoformat()
    provenance = (
        f"SELECT {quote(manifest.agency)} AS agency, DATE '{quarter_start}' AS quarter_start, "
        f"{manifest.sequence}::INTEGER AS delivery_sequence, "
        f"{quote(manifest.kind)} AS delivery_kind"
    )
    for file in contract.files:
        for table, fields in file.tables.items():
            path = folder / f"{table}.parquet"
            layout = _find_layout(file, table)
            if layout and file.role in delivered:
                lines = f"{provenance}, line_number, line FROM lines_{table}"
                write_fields(connection, lines, layout, fields, path)
                continue
            rows = f"rows_{table}" if file.role in delivered else _no_rows(fields)
            query = f"{provenance}, line_number, {', '.join(fields)} FROM {rows}"
            write_parquet(connection, query, path)
    about = (
        f"{provenance}, {quote(manifest.contract)} AS contract, "
        f"DATE '{manifest.as_of.isoformat()}' AS as_of, "
        f"TIMESTAMP '{received_at:%Y-%m-%d %H:%M:%S}' AS received_at, "
        f"{manifest.simulated} AS simulated"
    )
    write_parquet(connection, about, folder / "deliveries.parquet")


def _find_layout(file: ContractFile, table: str) -> RecordLayout | None:
    """The layout of a table whose lines have fixed width."""
    if file.format == "nibrs_flat":
        return load_nibrs_layout()[SEGMENT_TABLES[table]]
    return load_ncands_layout() if file.format == "ncands_child_file" else None


def _no_rows(fields: Iterable[str]) -> str:
    columns = ", ".join(f"NULL::VARCHAR AS {field}" for field in fields)
    return f"(SELECT NULL::BIGINT AS line_number, {columns} WHERE false)"
