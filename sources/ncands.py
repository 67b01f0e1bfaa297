"""Reads the NCANDS Child File: one line for each child in a report.

Belongs here: the rules of this format. Does not belong here: what a code means for a count.
Source of the rules: `layouts/ncands_child_file.csv`.

A record is set aside only where no figure could tell what it is: without its keys, its report date,
its maltreatments, or any sign of age. In every other field what cannot be read is left blank.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from jurisdiction.state import read_state
from sources.contracts import ContractFile
from sources.fixed_width import blank_fields, list_cuts, load_lines
from sources.layout import Field, RecordLayout, load_ncands_layout
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
    load_lines(connection, path, "lines_child_file", layout.width)
    connection.execute(
        f"CREATE TABLE checked_child_file AS "  # noqa: S608
        f"SELECT line_number, rptid, chid, {mask_of(checks)} AS mask FROM "
        f"(SELECT line_number, raw, length(line) AS width, "
        f"{list_cuts(layout, _with_keys(kept))} FROM lines_child_file)"
    )
    read = ask_number(connection, "SELECT count(*) FROM lines_child_file")
    note_failed_checks(connection, path.name, "checked_child_file", checks)
    replaced = _REPLACED.format(lost=bits_of(checks, "record"))
    note_problem(connection, path.name, "MS207", "chid", replaced)
    blank_fields(connection, "lines_child_file", "checked_child_file", layout, checks)
    quarantined, dropped = set_lines_aside(connection, path.name, "lines_child_file")
    connection.execute(
        f"CREATE VIEW rows_child_file AS "  # noqa: S608
        f"SELECT line_number, {list_cuts(layout, kept)} FROM lines_child_file"
    )
    stored = read - quarantined - dropped
    return FileReading(path.name, file.role, read, stored, quarantined, lines_dropped=dropped)


def _with_keys(kept: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*_KEYS, "staterr", "rptdt", *kept]))


def _list_checks(layout: RecordLayout, kept: Sequence[str]) -> Iterator[Check]:
    yield Check("MS131", "", "raw IS NOT NULL")
    yield Check("MS201", "", f"width > {layout.width}")
    for name in _with_keys(kept):
        check = _check_field(layout.field(name))
        if check:
            yield check
    yield from _check_age()


def _check_field(field: Field) -> Check | None:
    """The rule on one field by itself; the last ones cost the field and not the record."""
    name = field.name
    if name == "staterr":
        return Check("MS202", name, f"{name} <> '{read_state().postal_code}'")
    if name in _KEYS:
        return Check("MS203", name, is_blank(name))
    if name == "rptdt":
        return Check("MS204", name, is_no_date(name, "mmddyyyy", may_be_blank=False))
    if _MALTREATMENT.fullmatch(name):
        return Check("MS206", name, _is_unlisted(field))
    if name in _OPTIONAL_DATES:
        return Check("MS205", name, is_no_date(name, "mmddyyyy", may_be_blank=True), "field")
    if name == "subyr":
        return Check("MS208", name, is_not_numeric(name, may_be_blank=False), "field")
    if name in _COUNTIES:
        unlisted = is_not_listed(name, _COUNTY_CODES, may_be_blank=True)
        return Check("MS208", name, unlisted, "field")
    if _CODED.fullmatch(name):
        return Check("MS208", name, _is_unlisted(field), "field")
    return None


def _is_unlisted(field: Field) -> str:
    codes = _spell(field.code_list, field.length)
    return is_not_listed(field.name, codes, may_be_blank=True)


def _check_age() -> Iterator[Check]:
    """Age and birth date stand in for one another; nobody in a Child File is older than 21."""
    no_age = is_not_listed("chage", _spell(_AGES, 2), may_be_blank=True)
    no_date = is_no_date("chbdate", "mmddyyyy", may_be_blank=False)
    yield Check("MS206", "chage", f"{no_age} AND {no_date}")
    yield Check("MS208", "chage", f"{no_age} AND NOT {no_date}", "field")
    has_years = f"NOT {is_not_listed('chage', _spell(_YEARS, 2), may_be_blank=False)}"
    born, reported = (f"try_strptime({name}, '%m%d%Y')" for name in ("chbdate", "rptdt"))
    impossible = f"({born} > {reported} OR {born} <= {reported} - INTERVAL 22 YEARS)"
    yield Check("MS209", "chbdate", f"NOT {no_date} AND {has_years} AND {impossible}", "field")


def _spell(codes: frozenset[str] | list[str], width: int) -> list[str]:
    """Each number as states write it: with leading zeros, right-justified or left-justified."""
    return [
        spelling
        for code in codes
        for spelling in (code.zfill(width), code.rjust(width), code.ljust(width))
    ]
