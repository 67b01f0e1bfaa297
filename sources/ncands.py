"""Reads the NCANDS Child File: one line for each child in a report.

Belongs here: the rules of this format that cost something. Does not belong here: those that only
note (`ncands_rules`), nor what a code means for a count.
Source of the rules: `layouts/ncands_child_file.csv`.

A record is set aside only where no figure could tell what it is: without its keys, its report date,
its maltreatments, or any sign of age. In every other field what cannot be read is left blank.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from jurisdiction.state import read_state
from sources.contracts import ContractFile
from sources.fixed_width import blank_fields, insert_lines, iterate_lines, list_cuts
from sources.layout import Field, RecordLayout, load_ncands_layout
from sources.line_forms import find_formed
from sources.ncands_rules import (
    DATES,
    is_unlisted,
    list_codes,
    list_listed,
    list_relations,
    spell,
    write_columns,
)
from sources.record_rules import is_blank, is_no_date, is_not_listed, is_not_numeric
from sources.workbench import (
    Check,
    FileReading,
    ask_number,
    bits_of,
    mask_of,
    note_failed_checks,
    note_problem,
    set_lines_aside,
)

_KEYS = ("rptid", "chid")
_MALTREATMENT = re.compile(r"chmal\d|mal\dlev")
_CODED = re.compile(r"rptdisp|chsex|per\drel|per\dmal\d")
_OPTIONAL_DATES = frozenset({"rptdisdt", "chbdate", "inciddt"})
_COUNTIES = frozenset({"rptcnty", "chcnty"})
_COUNTY_CODES = [f"{number:03d}" for number in (*range(1, 511), 998, 999)]
_YEARS = [str(age) for age in range(22)]
_AGES = [*_YEARS, "77", "99"]

_NOT_IN_FORM = frozenset(
    {"", "staterr", "rptid", "chid", "rptdt", "subyr", "rptcnty", "chcnty", "chage", "chbdate"}
)
"""Fields with a rule that the form of a whole line cannot show."""

_RELATED = "(SELECT line_number, related AS mask FROM checked_child_file)"

_DAYS = ", ".join(f"read_{name} INTEGER" for name in DATES)
_CREATE_LINES = f"""
    CREATE TABLE lines_child_file (
        line_number BIGINT, line VARCHAR, raw BLOB, has_form BOOLEAN, {_DAYS}
    )
"""

_REPLACED = """
    SELECT record.line_number
    FROM checked_child_file AS record
    JOIN (
        SELECT rptid, chid, max(line_number) AS last_line
        FROM checked_child_file WHERE (mask & {lost}) = 0
        GROUP BY rptid, chid HAVING count(*) > 1
    ) AS repeated USING (rptid, chid)
    WHERE (record.mask & {lost}) = 0 AND record.line_number < repeated.last_line
"""


def read_child_file(
    connection: duckdb.DuckDBPyConnection, path: Path, file: ContractFile
) -> FileReading:
    """Read and check a Child File; leaves the view `rows_child_file` with the clean records.

    A record is set aside when it cannot be read, is not the state's, lacks its keys or its report
    date, has an invalid maltreatment, or neither an age nor a birth date where its age is invalid.
    What is invalid in another field that the contract keeps is left blank. Of several records of
    a report and child the last one that is not set aside stands. A record of 312 characters is one
    of the older layout: later fields blank.

    Raises:
        SourcesError: MS117.
    """
    layout = load_ncands_layout()
    kept = file.tables["child_file"]
    checks = list(_list_checks(layout, kept))
    connection.execute(_CREATE_LINES)
    insert_lines(connection, "lines_child_file", _iterate_lines_with_form(path, layout))
    _check_lines(connection, layout, kept, checks)
    read = ask_number(connection, "SELECT count(*) FROM lines_child_file")
    note_failed_checks(connection, path.name, "checked_child_file", checks)
    note_failed_checks(connection, path.name, _RELATED, list_relations())
    _note_codes(connection, path.name, layout, kept)
    replaced = _REPLACED.format(lost=bits_of(checks, "record"))
    note_problem(connection, path.name, "MS207", "chid", replaced)
    blank_fields(connection, "lines_child_file", "checked_child_file", layout, checks, layout.width)
    quarantined, dropped = set_lines_aside(connection, path.name, "lines_child_file")
    connection.execute(
        f"CREATE VIEW rows_child_file AS "  # noqa: S608
        f"SELECT line_number, {list_cuts(layout, kept)} FROM lines_child_file"
    )
    stored = read - quarantined - dropped
    return FileReading(path.name, file.role, read, stored, quarantined, lines_dropped=dropped)


def _iterate_lines_with_form(path: Path, layout: RecordLayout) -> Iterator[pa.RecordBatch]:
    """The lines of a file, padded, each with whether its codes and dates have their form.

    Where they have, its dates as numbers are right.
    """
    codes, dates = list_listed(layout), [layout.field(name).start for name in DATES]
    for batch in iterate_lines(path):
        line = pc.ascii_rpad(batch["line"], layout.width)
        has_form, days = find_formed(line, layout.width, codes, dates)
        yield pa.record_batch(
            {
                "line_number": batch["line_number"],
                "line": line,
                "raw": batch["raw"],
                "has_form": pc.and_(pa.array(has_form), pc.is_null(batch["raw"])),
                **{f"read_{name}": pa.array(day) for name, day in zip(DATES, days, strict=True)},
            }
        )


def _check_lines(
    connection: duckdb.DuckDBPyConnection,
    layout: RecordLayout,
    kept: Sequence[str],
    checks: Sequence[Check],
) -> None:
    """Check every line; of one whose codes and dates have their form, keys and ages are left."""
    bits = {(check.code, check.field): 1 << i for i, check in enumerate(checks)}
    formed = [
        one for one in _list_checks(layout, kept, is_formed=True) if one.field in _NOT_IN_FORM
    ]
    few = " + ".join(
        f"CASE WHEN {one.fails} THEN {bits[one.code, one.field]}::BIGINT ELSE 0 END"
        for one in formed
    )
    connection.execute(
        f"CREATE TABLE checked_child_file AS SELECT line_number, rptid, chid, "  # noqa: S608
        f"CASE WHEN has_form THEN {few} ELSE {mask_of(checks)} END AS mask, "
        f"{mask_of(list_relations())} AS related FROM "
        f"(SELECT line_number, raw, length(line) AS width, has_form, {write_columns(layout)}, "
        f"{list_cuts(layout, _with_keys(kept))} FROM lines_child_file)"
    )


def _note_codes(
    connection: duckdb.DuckDBPyConnection, file: str, layout: RecordLayout, kept: Sequence[str]
) -> None:
    """Note unknown codes in fields that no table keeps."""
    codes = list_codes(layout, kept)
    for first in range(0, len(codes), 60):
        some = codes[first : first + 60]
        cuts = list_cuts(layout, [check.field for check in some])
        connection.execute(
            "CREATE OR REPLACE TABLE checked_codes AS SELECT line_number, "  # noqa: S608
            f"{mask_of(some)} AS mask FROM (SELECT line_number, {cuts} FROM lines_child_file "
            "WHERE NOT has_form AND raw IS NULL)"
        )
        note_failed_checks(connection, file, "checked_codes", some)


def _with_keys(kept: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*_KEYS, "staterr", "rptdt", *kept]))


def _list_checks(
    layout: RecordLayout, kept: Sequence[str], *, is_formed: bool = False
) -> Iterator[Check]:
    """The checks of a record; where a line has its form, a date can only be blank."""
    yield Check("MS131", "", "raw IS NOT NULL")
    yield Check("MS201", "", f"width > {layout.width}")
    for name in _with_keys(kept):
        check = _check_field(layout.field(name), is_formed=is_formed)
        if check:
            yield check
    yield from _check_age(is_formed=is_formed)


def _check_field(field: Field, *, is_formed: bool) -> Check | None:
    """The rule on one field by itself; the last ones cost the field and not the record."""
    name = field.name
    if name == "staterr":
        return Check("MS202", name, f"{name} <> '{read_state().postal_code}'")
    if name in _KEYS:
        return Check("MS203", name, is_blank(name))
    if name == "rptdt":
        no_date = is_no_date(name, "mmddyyyy", may_be_blank=False)
        return Check("MS204", name, is_blank(name) if is_formed else no_date)
    if _MALTREATMENT.fullmatch(name):
        return Check("MS206", name, is_unlisted(field))
    if name in _OPTIONAL_DATES:
        return Check("MS205", name, is_no_date(name, "mmddyyyy", may_be_blank=True), "field")
    if name == "subyr":
        return Check("MS208", name, is_not_numeric(name, may_be_blank=False), "field")
    if name in _COUNTIES:
        unlisted = is_not_listed(name, _COUNTY_CODES, may_be_blank=True)
        return Check("MS208", name, unlisted, "field")
    if _CODED.fullmatch(name):
        return Check("MS208", name, is_unlisted(field), "field")
    return None


def _check_age(*, is_formed: bool) -> Iterator[Check]:
    """Age and birth date stand in for one another; nobody in a Child File is older than 21."""
    no_age = is_not_listed("chage", spell(_AGES, 2), may_be_blank=True)
    no_date = is_no_date("chbdate", "mmddyyyy", may_be_blank=False)
    no_date = f"({is_blank('chbdate')})" if is_formed else no_date
    yield Check("MS206", "chage", f"{no_age} AND {no_date}")
    yield Check("MS208", "chage", f"{no_age} AND NOT {no_date}", "field")
    has_years = f"NOT {is_not_listed('chage', spell(_YEARS, 2), may_be_blank=False)}"
    impossible = "(chbdate_day > rptdt_day OR chbdate_day <= rptdt_day - 220000)"
    yield Check("MS209", "chbdate", f"NOT {no_date} AND {has_years} AND {impossible}", "field")
