"""Takes the lines of a NIBRS file apart into pieces, of which most occur many times.

Belongs here: the tables `pieces` (what a line says beside whose it is), `segments` and `facts`.
Does not belong here: any rule (`nibrs_rules`, `nibrs_edits`).

A piece is what a line says beside whose it is (`nibrs_cuts`), so every rule about a segment is
asked once of a piece and not once of a line.

* pieces: piece, level, width, raw (not NULL where a byte is not ASCII), text (the line, padded),
  mask (the checks it fails) and what `segments` takes from it;
* segments: described in `nibrs_incidents`;
* facts: what a piece tells of its incident, in numbers that add up or are joined bit by bit.
"""

from collections.abc import Mapping, Sequence

import duckdb

from sources.fixed_width import list_cuts
from sources.layout import RecordLayout
from sources.nibrs_rules import HEADER, KEY_CODES, key_field_of
from sources.rule_language import number_offences
from sources.workbench import Check, bits_of, mask_of, quote

_PARTS = {
    "2": "ucr_offense_code",
    "3": "type_property_loss",
    "4": "victim_sequence_number",
    "5": "offender_sequence_number",
    "6": "arrestee_sequence_number",
    "7": "arrestee_sequence_number",
}
_RECOVERED = ", ".join(f"nullif(substr(text, {31 + 19 * n}, 8), '')" for n in range(1, 11))
_DETAILS = {
    "1": "incident_date",
    "3": f"coalesce(list_min(list_filter([{_RECOVERED}], day -> ltrim(day) <> '')), '')",
    "6": "arrest_date",
    "7": "arrest_date",
}


def create_segments(
    connection: duckdb.DuckDBPyConnection,
    layouts: Mapping[str, RecordLayout],
    kept: Mapping[str, tuple[str, ...]],
    checks: Mapping[str, Sequence[Check]],
) -> None:
    """Create `pieces` with what each breaks, and `segments` from them."""
    connection.execute(_CREATE_CUT_PIECES)
    parts = [
        _write_query_of_level(level, layouts[level], kept[level], checks[level])
        for level in _list_levels(connection, "cut_pieces", layouts)
    ]
    connection.execute(f"CREATE TABLE pieces AS {' UNION ALL '.join(parts)}")
    connection.execute(_CREATE_SEGMENTS)
    connection.execute("DROP TABLE cut_pieces")
    connection.execute("DROP TABLE cuts")


def create_facts(
    connection: duckdb.DuckDBPyConnection, layouts: Mapping[str, RecordLayout]
) -> None:
    """Create `facts`, with one row for each piece of levels 1 to 6 whose header can be read."""
    levels = _list_levels(connection, "pieces", _FACTS)
    parts = [_write_facts_of_level(level, layouts[level]) for level in levels]
    connection.execute(f"CREATE TABLE facts AS {' UNION ALL '.join(parts)}")


def _list_levels(
    connection: duckdb.DuckDBPyConnection, table: str, known: Mapping[str, object]
) -> list[str]:
    """The known levels that a table has, or the first one: planning a query costs most of all."""
    found = {
        level
        for (level,) in connection.execute(f"SELECT DISTINCT level FROM {table}").fetchall()  # noqa: S608
    }
    return [level for level in known if level in found] or [min(known)]


def _write_query_of_level(
    level: str, layout: RecordLayout, kept: tuple[str, ...], checks: Sequence[Check]
) -> str:
    fields = list(dict.fromkeys([*HEADER, key_field_of(level), *kept]))
    keyless = sum(1 << i for i, check in enumerate(checks) if check.code in KEY_CODES)
    unread = sum(1 << i for i, check in enumerate(checks) if check.code in _UNREAD_CODES)
    return (
        f"SELECT piece, {quote(level)} AS level, width, raw, text, "  # noqa: S608
        f"segment_action_type AS action, trim({_PARTS.get(level, quote(''))}) AS part, "
        f"{_DETAILS.get(level, quote(''))} AS detail, mask, (mask & {keyless}) <> 0 AS is_keyless, "
        f"(mask & {unread}) = 0 AS is_legible, "
        f"(mask & {bits_of(checks, 'record')}) <> 0 AS is_spoilt, "
        f"(mask & {bits_of(checks, 'record', 'line')}) <> 0 AS is_lost "
        f"FROM (SELECT *, {mask_of(checks)} AS mask FROM (SELECT piece, width, raw, text, "
        f"{list_cuts(layout, fields, 'text')} FROM (SELECT piece, width, raw, "
        f"rpad(text, {layout.width}, ' ') AS text "
        f"FROM cut_pieces WHERE level = {quote(level)})))"
    )


def _write_facts_of_level(level: str, layout: RecordLayout) -> str:
    given = _FACTS[level]
    columns = ", ".join(
        f"{given.get(name, nothing)} AS {name}" for name, nothing in _COLUMNS.items()
    )
    cuts = ", ".join(
        f"rtrim(substr(text, {field.start}, {field.length})) AS {field.name}"
        for field in layout.fields
    )
    return (
        f"SELECT piece, {columns} FROM (SELECT piece, {cuts} FROM pieces "  # noqa: S608
        f"WHERE level = {quote(level)} AND is_legible)"
    )


def _write_offence(field: str) -> str:
    codes = ", ".join(map(quote, number_offences()))
    place = f"enum_code(try_cast({field} AS ENUM ({codes})))"
    return f"coalesce(1::HUGEINT << {place}::HUGEINT, 0::HUGEINT)"


def _write_bit(field: str) -> str:
    return f"coalesce(1::HUGEINT << try_cast({field} AS HUGEINT), 0::HUGEINT)"


def _write_things(loss: str) -> str:
    bits = " | ".join(_write_bit(f"property_description_{place}") for place in range(1, 11))
    return f"CASE WHEN type_property_loss {loss} THEN {bits} ELSE 0::HUGEINT END"


_UNREAD_CODES = frozenset({"MS131", "MS302", "MS303", "MS304"})
"""A line with one of these is not understood; nothing more is asked of it."""

SEGMENTS_OF_A_KIND = {"offence": 0, "victim": 12, "offender": 24, "arrestee": 36, "known": 48}
"""Where each count lies in the number `counts`, of twelve bits each."""

MARKS = {"loss": 0, "offender_sex": 12, "raped": 16}
"""Where each set of marks lies in the number `marks`."""

_NO_BITS = "0::HUGEINT"
_COLUMNS = {
    "counts": "0::BIGINT",
    "marks": "0::BIGINT",
    "vehicles": "0::BIGINT",
    "completed": _NO_BITS,
    "attempted": _NO_BITS,
    "described": _NO_BITS,
    "stolen_things": _NO_BITS,
    "recovered_things": _NO_BITS,
    "connected": _NO_BITS,
    "offenders": _NO_BITS,
    "hour": "''",
    "cleared": "''",
    "clearance_date": "''",
}

_CONNECTED = " | ".join(
    _write_offence(f"ucr_offense_code_connection_{place}") for place in range(1, 11)
)
_SEX = "CASE {0} WHEN 'M' THEN 1 WHEN 'F' THEN 2 ELSE 4 END"
_FACTS = {
    "1": {
        "hour": "incident_hour",
        "cleared": "cleared_exceptionally",
        "clearance_date": "exceptional_clearance_date",
    },
    "2": {
        "counts": f"1::BIGINT << {SEGMENTS_OF_A_KIND['offence']}",
        "completed": "CASE WHEN offense_attempted_completed <> 'A' "
        f"THEN {_write_offence('ucr_offense_code')} ELSE {_NO_BITS} END",
        "attempted": "CASE WHEN offense_attempted_completed = 'A' "
        f"THEN {_write_offence('ucr_offense_code')} ELSE {_NO_BITS} END",
    },
    "3": {
        "marks": "coalesce(1::BIGINT << try_cast(type_property_loss AS BIGINT), 0)",
        "vehicles": "CASE type_property_loss "
        "WHEN '7' THEN coalesce(try_cast(number_of_stolen_motor_vehicles AS BIGINT), 0) "
        "WHEN '5' THEN coalesce(try_cast(number_of_recovered_motor_vehicles AS BIGINT), 0) << 24 "
        "ELSE 0 END",
        "described": _write_things("IS NOT NULL"),
        "stolen_things": _write_things("= '7'"),
        "recovered_things": _write_things("= '5'"),
    },
    "4": {
        "counts": f"1::BIGINT << {SEGMENTS_OF_A_KIND['victim']}",
        "marks": f"CASE WHEN ({_CONNECTED}) & {1 << number_offences()['11A']} <> 0 "
        f"THEN ({_SEX.format('sex_of_victim')})::BIGINT << {MARKS['raped']} ELSE 0 END",
        "connected": _CONNECTED,
    },
    "5": {
        "counts": f"(1::BIGINT << {SEGMENTS_OF_A_KIND['offender']}) + CASE WHEN "
        "age_of_offender NOT IN ('', '00') AND sex_of_offender NOT IN ('', 'U') "
        f"AND race_of_offender NOT IN ('', 'U') THEN 1::BIGINT << {SEGMENTS_OF_A_KIND['known']} "
        "ELSE 0 END",
        "marks": f"({_SEX.format('sex_of_offender')})::BIGINT << {MARKS['offender_sex']}",
        "offenders": _write_bit("offender_sequence_number"),
    },
    "6": {"counts": f"1::BIGINT << {SEGMENTS_OF_A_KIND['arrestee']}"},
}

# Every batch of lines has cuts of its own, so the same text may have several numbers in `cuts`.
_CREATE_CUT_PIECES = """
    CREATE TABLE cut_pieces AS
    SELECT row_number() OVER ()::INTEGER AS piece, whole, whole[5] AS level,
        (ascii(whole[-3]) - 32) * 80 + ascii(whole[-2]) - 32 AS width,
        CASE WHEN whole[-1] = '?' THEN ''::BLOB END AS raw, whole[:-4] AS text
    FROM (SELECT DISTINCT text AS whole FROM cuts WHERE text[5] BETWEEN '0' AND '7')
"""

_CREATE_SEGMENTS = """
    CREATE TABLE segments AS
    SELECT line_number, level, action, CASE WHEN NOT is_keyless THEN whose END AS report,
        CASE WHEN NOT is_keyless AND level NOT IN ('0', '7') THEN act END AS act,
        is_early, part, detail, piece, is_legible, is_spoilt, is_lost
    FROM (
        SELECT line_number, act, is_early, substr(line, 17, 21) AS whose, cut FROM lines_nibrs
    ) AS lines
    JOIN (
        SELECT cut, pieces.* EXCLUDE (width, raw, text, mask)
        FROM pieces JOIN cut_pieces USING (piece) JOIN cuts ON whole = cuts.text
    ) AS pieces USING (cut)
"""
