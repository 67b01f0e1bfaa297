"""What a record of the NCANDS Child File says twice, and may say differently.

Belongs here: rules that only note, because no figure rests on them. Does not belong here: what
costs a record or a field (`ncands`). Source: Children's Bureau, NCANDS Child File record layout
(OMB 0970-0424), by way of `layouts/ncands_child_file.csv`. See decision 0023.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

from jurisdiction.folder import list_counties
from sources.layout import Field, RecordLayout
from sources.record_rules import is_not_listed
from sources.workbench import Check

_SLOTS = range(1, 5)
_PERPETRATORS = range(1, 4)
_DATES_IN_ORDER = (
    ("inciddt", "inciddt", "rptdt"),
    ("invdate", "rptdt", "invdate"),
    ("rptdisdt", "rptdt", "rptdisdt"),
    ("deathdt", "chbdate", "deathdt"),
)

DATES = ("rptdt", "invdate", "rptdisdt", "chbdate", "inciddt", "deathdt")


def list_relations() -> list[Check]:
    """Checks of fields against each other, over the columns that `write_columns` gives."""
    return [Check(code, field, fails, "nothing") for code, field, fails in _iterate_relations()]


def list_codes(layout: RecordLayout, kept: Sequence[str]) -> list[Check]:
    """Checks of the code lists of fields that no table keeps."""
    return [
        Check("MS210", field.name, is_unlisted(field), "nothing")
        for field in layout.fields
        if field.code_list and field.name not in kept
    ]


def is_unlisted(field: Field) -> str:
    """True where a field is neither blank nor one of the codes of its layout."""
    return is_not_listed(field.name, spell(field.code_list, field.length), may_be_blank=True)


def spell(codes: frozenset[str] | Sequence[str], width: int) -> list[str]:
    """Each number as states write it: with leading zeros, right-justified or left-justified."""
    return [
        spelling
        for code in codes
        for spelling in (code.zfill(width), code.rjust(width), code.ljust(width))
    ]


def list_listed(layout: RecordLayout) -> dict[int, list[str]]:
    """First position of each field that has a code list -> its codes as they may be written."""
    return {
        field.start: spell(field.code_list, field.length)
        for field in layout.fields
        if field.code_list and field.name not in _PARTLY_LISTED
    }


_PARTLY_LISTED = frozenset({"rptcnty", "chage", "per1age", "per2age", "per3age"})


def write_columns(layout: RecordLayout) -> str:
    """SQL columns over a line: dates and levels as numbers, NULL where there is none."""
    dates = ", ".join(_write_day(layout.field(name)) for name in DATES)
    levels = ", ".join(
        _write_number(layout.field(f"mal{slot}lev"), f"level_{slot}") for slot in _SLOTS
    )
    relations = ", ".join(
        _write_text(layout.field(f"per{person}rel"), f"relation_{person}")
        for person in _PERPETRATORS
    )
    types = ", ".join(_write_text(layout.field(f"chmal{slot}"), f"type_{slot}") for slot in _SLOTS)
    ids = ", ".join(
        _write_text(layout.field(f"per{person}id"), f"perpetrator_{person}")
        for person in _PERPETRATORS
    )
    flags = ", ".join(
        f"substr(line, {layout.field(f'per{person}mal1').start}, 4) AS flags_{person}"
        for person in _PERPETRATORS
    )
    return ", ".join(
        [
            *(dates, levels, relations, types, ids, flags),
            _write_number(layout.field("rptdisp"), "report_level"),
            _write_number(layout.field("subyr"), "year"),
            _write_number(layout.field("chage"), "age"),
            _write_text(layout.field("rptcnty"), "report_county"),
            _write_text(layout.field("chcnty"), "child_county"),
        ]
    )


def _write_day(field: Field) -> str:
    """A date as the number yyyymmdd; the day is known already where the line has its form."""
    written = f"substr(line, {field.start}, 8)"
    turned = f"substr(line, {field.start + 4}, 4) || substr(line, {field.start}, 4)"
    is_real = f"try_strptime({written}, '%m%d%Y') IS NOT NULL"
    return (
        f"CASE WHEN has_form THEN nullif(read_{field.name}, 0) "
        f"WHEN {is_real} THEN try_cast({turned} AS INTEGER) END AS {field.name}_day"
    )


def _write_number(field: Field, name: str) -> str:
    return f"try_cast(substr(line, {field.start}, {field.length}) AS INTEGER) AS {name}"


def _write_text(field: Field, name: str) -> str:
    return f"trim(substr(line, {field.start}, {field.length})) AS {name}"


def _iterate_relations() -> Iterator[tuple[str, str, str]]:
    for field, first, second in _DATES_IN_ORDER:
        yield "MS211", field, f"{first}_day > {second}_day"
    closed = "rptdisdt_day // 10000 + (rptdisdt_day // 100 % 100 >= 10)::INTEGER"
    yield "MS212", "subyr", f"{closed} <> year"
    # Levels 1 to 3 are those of a victim: substantiated, indicated, alternative response victim.
    is_victim = f"least({', '.join(f'level_{slot}' for slot in _SLOTS)}) BETWEEN 1 AND 3"
    yield "MS213", "rptdisp", f"{is_victim} AND report_level BETWEEN 4 AND 7"
    for slot in _SLOTS:
        yield "MS214", f"mal{slot}lev", f"(type_{slot} = '') <> (level_{slot} IS NULL)"
    yield "MS215", "per1rel", f"{is_victim} AND relation_1 = ''"
    for person in _PERPETRATORS:
        responsible = " OR ".join(
            f"(flags_{person}[{slot}] = '1' AND type_{slot} = '')" for slot in _SLOTS
        )
        yield "MS216", f"per{person}mal1", responsible
        nobody = f"relation_{person} = '' AND contains(flags_{person}, '1')"
        yield "MS216", f"per{person}rel", nobody
    for field, values in (
        ("chmal1", [f"type_{slot}" for slot in _SLOTS]),
        ("per1id", [f"perpetrator_{person}" for person in _PERPETRATORS]),
    ):
        twice = (f"({one} <> '' AND {one} = {other})" for one, other in combinations(values, 2))
        yield "MS217", field, " OR ".join(twice)
    counties = [*(county["fips"][-3:] for county in list_counties()), "998", "999"]
    for field, county in (("rptcnty", "report_county"), ("chcnty", "child_county")):
        outside = is_not_listed(f"lpad({county}, 3, '0')", counties, may_be_blank=False)
        yield "MS218", field, f"try_cast({county} AS INTEGER) BETWEEN 1 AND 510 AND {outside}"
    age = "(rptdt_day - chbdate_day) // 10000"
    yield (
        "MS219",
        "chage",
        f"age <= 21 AND rptdt_day >= chbdate_day AND {age} <= 21 AND abs({age} - age) > 1",
    )
