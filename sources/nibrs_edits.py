"""Notes where a NIBRS file breaks a rule of the FBI's that no figure rests on.

Belongs here: asking the conditions of `fbi_rules` in a few passes, and the rules that compare lines
of different incidents. Does not belong here: what a rule says, or any rule that costs something.

A condition is asked once of each piece, together with those facts of its incident that the
conditions of its level name; so what a file says often is judged once. See decision 0022.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import duckdb

from sources.fbi_rules import FbiCheck, list_fbi_checks
from sources.layout import RecordLayout, load_nibrs_layout
from sources.nibrs_pairs import note_broken_pairs
from sources.nibrs_period import Circumstances
from sources.nibrs_pieces import MARKS, SEGMENTS_OF_A_KIND
from sources.rule_language import (
    bits_of_offences,
    bits_of_things,
    create_functions,
    list_names,
    load_groups,
    write_condition,
)
from sources.workbench import ask_number, marks_of, mask_where, note_problem, quote

_CHECKS_AT_ONCE = 60
"""So many bits fit into one number."""


def note_broken_rules(
    connection: duckdb.DuckDBPyConnection, file: str, circumstances: Circumstances
) -> None:
    """Note every rule that is broken; needs `segments`, `facts`, `acts`, `repeated_parts`."""
    create_functions(connection)
    connection.execute(_CREATE_INCIDENTS)
    connection.execute("CREATE TABLE agencies (ori VARCHAR, first_day VARCHAR, last_day VARCHAR)")
    for ori, agency in circumstances.agencies.items():
        days = [f"{day:%Y%m%d}" if day else None for day in (agency.first_day, agency.last_day)]
        connection.execute("INSERT INTO agencies VALUES (?, ?, ?)", [ori, *days])
    for (level,) in connection.execute("SELECT DISTINCT level FROM pieces").fetchall():
        _note_segments(connection, file, level, load_nibrs_layout()[level], circumstances)
    _note_incidents(connection, file)
    note_broken_pairs(connection, file)
    _note_comparisons(connection, file)


def _note_segments(
    connection: duckdb.DuckDBPyConnection,
    file: str,
    level: str,
    layout: RecordLayout,
    circumstances: Circumstances,
) -> None:
    checks = [
        (check, write_condition(check.fails, layout)) for check in list_fbi_checks("segment", level)
    ]
    if not circumstances.agencies:
        checks = [
            (check, fails) for check, fails in checks if not _AGENCY_FACTS & list_names(fails)
        ]
    if not checks:
        return
    named = {"segment_action_type"}.union(*(list_names(fails) for _, fails in checks))
    if "losing" in named:
        named |= {"completed", "attempted"}
    facts = [fact for fact in [*_INCIDENT_FACTS, *sorted(_AGENCY_FACTS)] if fact in named]
    cuts = [
        f"rtrim(substr(text, {field.start}, {field.length})) AS {field.name}"
        for field in layout.fields
        if field.name in named
    ]
    joined = partial(
        _JOINED.format,
        level=quote(level),
        facts=", ".join(f"{_WORKED_OUT.get(fact, fact)} AS {fact}" for fact in facts) or "NULL",
        incidents="LEFT JOIN incidents USING (act)" if {*facts} & {*_INCIDENT_FACTS} else "",
        agencies="LEFT JOIN agencies ON substr(segments.report, 1, 9) = agencies.ori"
        if {*facts} & _AGENCY_FACTS
        else "",
    )
    derived = [f"{sql} AS {name}" for name, sql in _write_derived(circumstances) if name in named]
    asked = ", ".join(["piece", *facts])
    for first in range(0, len(checks), _CHECKS_AT_ONCE):
        some = checks[first : first + _CHECKS_AT_ONCE]
        judged = ", ".join(f"({_guard(fails)}) AS b{i}" for i, (_, fails) in enumerate(some))
        bits = mask_where(f"b{i}" for i in range(len(some)))
        connection.execute(
            "CREATE OR REPLACE TABLE broken AS WITH fields AS MATERIALIZED ("  # noqa: S608
            f"SELECT asked.*, connected, described, {', '.join([*cuts, *derived])} "
            f"FROM (SELECT DISTINCT {asked} FROM {joined(segments='segments')}) AS asked "
            "JOIN pieces USING (piece) "
            "LEFT JOIN (SELECT piece, connected, described FROM facts) USING (piece)), "
            f"judged AS MATERIALIZED (SELECT {asked}, {judged} FROM fields), "
            f"masked AS MATERIALIZED (SELECT {asked}, {bits} AS mask FROM judged) "
            "SELECT * FROM masked WHERE mask <> 0"
        )
        of_broken = joined(segments=_SEGMENTS_OF_BROKEN)
        _note_broken(connection, file, [check for check, _ in some], of_broken, facts)


def _note_broken(
    connection: duckdb.DuckDBPyConnection,
    file: str,
    checks: Sequence[FbiCheck],
    joined: str,
    facts: Sequence[str],
) -> None:
    """Name the lines of every piece that breaks a rule, with the facts that it breaks it by."""
    if not ask_number(connection, "SELECT count(*) FROM broken"):
        return
    marks = marks_of(
        replace(check, segment="") if check.is_incident_wide else check for check in checks
    )
    same = "".join(f" AND asked.{fact} IS NOT DISTINCT FROM broken.{fact}" for fact in facts)
    connection.execute(
        f"INSERT INTO problems SELECT {quote(file)}, line_number, code, field, rule, segment "  # noqa: S608
        f"FROM (SELECT {', '.join(['line_number', 'piece', *facts])} FROM {joined}) AS asked "
        f"JOIN broken ON asked.piece = broken.piece{same} "
        f"JOIN {marks} ON (mask & bit) <> 0"
    )


def _note_incidents(connection: duckdb.DuckDBPyConnection, file: str) -> None:
    """Note at its level 1 segment what is wrong with an incident as a whole."""
    checks = [(check, write_condition(check.fails, None)) for check in list_fbi_checks("incident")]
    bits = mask_where(fails for _, fails in checks)
    marks = marks_of(check for check, _ in checks)
    connection.execute(
        f"INSERT INTO problems SELECT {quote(file)}, act, code, field, rule, '' "  # noqa: S608
        f"FROM (SELECT act, {bits} AS mask FROM incidents) AS incidents "
        f"JOIN {marks} ON (mask & bit) <> 0"
    )


def _note_comparisons(connection: duckdb.DuckDBPyConnection, file: str) -> None:
    """Note the rules that compare lines of different incidents, or of a file as a whole."""
    first = connection.execute(_FIRST_STATE).fetchone() or ("",)
    for rule, field, segment, lines in (
        ("050", "segment_level", "", _OUT_OF_ORDER),
        ("052", "ori", "", _UNKNOWN_AGENCY),
        ("059", "ori", "", _OTHER_STATE.format(state=quote(first[0]))),
        ("028", "zero_report_month", "0", _ZERO_DESPITE_INCIDENT),
        ("029", "zero_report_month", "0", _ZERO_DESPITE_ARREST),
        ("088", "arrest_transaction_number", "", _SAME_NUMBER),
        ("084", "value_of_property", "", _write_recovered_above_stolen()),
    ):
        note_problem(connection, file, "MS341", field, lines, rule=rule, segment=segment)


def _guard(fails: str) -> str:
    """Nothing is asked of a deletion but the rules that are about deletions."""
    return fails if "= 'D'" in fails else f"segment_action_type <> 'D' AND ({fails})"


def _write_derived(circumstances: Circumstances) -> list[tuple[str, str]]:
    """What conditions are asked of beside fields and facts, each worked out once."""
    year, month = (f"substr(text, {start}, {length})" for start, length in ((9, 4), (7, 2)))
    return [
        ("submission", f"{year} || {month}"),
        ("earliest_month", f"(try_cast({year} AS INTEGER) - 2) || {month}"),
        ("as_of_month", f"'{circumstances.as_of:%Y%m}'"),
        ("is_described", "ltrim(substr(text, 39, 239)) <> ''"),
        ("losing", "losing_offences(substr(text, 38, 1), completed, attempted)"),
    ]


def _write_recovered_above_stolen() -> str:
    """Lines of recovered property whose value is above the value of the same stolen property."""
    layout = load_nibrs_layout()["3"]
    places = [
        (layout.field(f"property_description_{n}"), layout.field(f"value_of_property_{n}"))
        for n in range(1, 11)
    ]
    pairs = ", ".join(
        f"{{'thing': substr(text, {thing.start}, 2), 'value': "
        f"try_cast(substr(text, {value.start}, 9) AS INTEGER)}}"
        for thing, value in places
    )
    parts = load_groups()["things"]["vehicles"].split()
    vehicles = ", ".join(map(quote, parts))
    return _RECOVERED_ABOVE_STOLEN.format(pairs=pairs, vehicles=vehicles)


_AGENCY_FACTS = frozenset({"first_day", "last_day"})
_INCIDENT_FACTS = (
    "completed",
    "attempted",
    "offences",
    "needing",
    "losses",
    "offenders",
    "offence_segments",
    "victim_segments",
    "offender_segments",
    "is_without_hour",
    "is_vehicle_stolen",
    "is_before_incident",
    "is_by_clearance",
)

# The detail of a property segment is its first day of recovery, that of an arrest its day.
_JOINED = """
    (
        SELECT segments.*, {facts}
        FROM {segments} {incidents} {agencies} WHERE segments.level = {level} AND is_legible
    )
"""
_SEGMENTS_OF_BROKEN = "(SELECT * FROM segments SEMI JOIN broken USING (piece)) AS segments"
_WORKED_OUT = {
    "is_without_hour": "hour = ''",
    "is_vehicle_stolen": "(stolen_things & "
    f"{bits_of_things(load_groups()['things']['vehicles'].split())}) <> 0",
    "is_before_incident": "detail <> '' AND detail < day",
    "is_by_clearance": "cleared BETWEEN 'A' AND 'E' AND detail <= clearance_date",
}

_KINDS = ", ".join(
    f"((counts >> {place}) & 4095) AS {kind}" for kind, place in SEGMENTS_OF_A_KIND.items()
)

# A report whose segments can all be read; of another, nothing can be said as a whole.
_CREATE_INCIDENTS = f"""
    CREATE TABLE incidents AS
    SELECT act, day, completed, attempted, completed | attempted AS offences,
        (completed | attempted) & {bits_of_offences(load_groups()["offences"]["needing"].split())}
            AS needing,
        coalesce(losses, 0) AS losses, (marks >> {MARKS["offender_sex"]}) & 15 AS offender_sexes,
        (marks >> {MARKS["raped"]}) & 15 AS raped,
        coalesce(stolen_things, 0::HUGEINT) AS stolen_things,
        coalesce(recovered_things, 0::HUGEINT) AS recovered_things, connections, offenders,
        coalesce(vehicles, 0) & 16777215 AS stolen_vehicles,
        coalesce(vehicles, 0) >> 24 AS recovered_vehicles,
        hour, cleared, clearance_date, offence AS offence_segments, victim AS victim_segments,
        offender AS offender_segments, arrestee AS arrestee_segments, known AS known_offenders
    FROM (
        SELECT *, {_KINDS}
        FROM (
            SELECT act, sum(counts)::BIGINT AS counts, bit_or(marks) AS marks,
                bit_or(completed) AS completed, bit_or(attempted) AS attempted,
                bit_or(connected) AS connections, bit_or(offenders) AS offenders
            FROM segments
            LEFT JOIN (
                SELECT piece, counts, marks, completed, attempted, connected, offenders FROM facts
            ) USING (piece)
            WHERE act IS NOT NULL AND level > '1' AND level <> '3'
            GROUP BY act HAVING NOT bool_or(is_lost)
        )
    )
    JOIN (
        SELECT acts.act, day, hour, cleared, clearance_date
        FROM (SELECT act, day FROM acts WHERE verdict = '' AND action IN ('I', 'R')) AS acts
        JOIN segments ON acts.act = line_number
        JOIN (SELECT piece, hour, cleared, clearance_date FROM facts) USING (piece)
        WHERE level = '1'
    ) USING (act)
    LEFT JOIN (
        SELECT act, bit_or(marks) AS losses, sum(vehicles)::BIGINT AS vehicles,
            bit_or(stolen_things) AS stolen_things, bit_or(recovered_things) AS recovered_things
        FROM segments
        JOIN (SELECT piece, marks, vehicles, stolen_things, recovered_things FROM facts)
            USING (piece)
        WHERE act IS NOT NULL AND level = '3' AND NOT is_lost
        GROUP BY act
    ) USING (act)
"""  # noqa: S608

_OUT_OF_ORDER = """
    SELECT line_number FROM segments
    WHERE is_early AND act IS NOT NULL AND act <> line_number AND NOT is_lost
"""

_UNKNOWN_AGENCY = """
    SELECT line_number FROM segments
    WHERE report IS NOT NULL AND (SELECT count(*) FROM agencies) > 0
        AND substr(report, 1, 9) NOT IN (SELECT ori FROM agencies)
"""

_FIRST_STATE = """
    SELECT substr(report, 1, 2) FROM segments
    WHERE line_number = (SELECT min(line_number) FROM segments WHERE report IS NOT NULL)
"""

_OTHER_STATE = """
    SELECT line_number FROM segments
    WHERE report IS NOT NULL AND NOT starts_with(report, {state})
"""

_ZERO = """
    WITH zeros AS (
        SELECT line_number, substr(report, 1, 9) AS ori,
            substr(text, 40, 4) || substr(text, 38, 2) AS month
        FROM segments JOIN pieces USING (piece) WHERE segments.level = '0' AND NOT segments.is_lost
    )
"""

_ZERO_DESPITE_INCIDENT = f"""
    {_ZERO} SELECT line_number FROM zeros SEMI JOIN (
        SELECT substr(report, 1, 9) AS ori, substr(day, 1, 6) AS month FROM acts
        WHERE verdict = '' AND action IN ('I', 'R')
    ) USING (ori, month)
"""  # noqa: S608

_ZERO_DESPITE_ARREST = f"""
    {_ZERO} SELECT line_number FROM zeros SEMI JOIN (
        SELECT substr(report, 1, 9) AS ori, substr(detail, 1, 6) AS month FROM segments
        WHERE level = '7' AND NOT is_lost AND action <> 'D'
    ) USING (ori, month)
"""  # noqa: S608

_SAME_NUMBER = """
    SELECT line_number FROM segments
    WHERE level = '7' AND NOT is_lost AND report IN (
        SELECT report FROM segments WHERE level = '6' AND NOT is_lost
    )
"""

_RECOVERED_ABOVE_STOLEN = """
    WITH property AS (
        SELECT line_number, act, segments.part, unnest([{pairs}]) AS item
        FROM segments JOIN pieces USING (piece)
        WHERE segments.level = '3' AND NOT segments.is_lost AND segments.part IN ('5', '7')
            AND act IN (SELECT act FROM incidents WHERE losses & 160 = 160)
    ),
    recovered AS (SELECT line_number, act, item.* FROM property WHERE part = '5'),
    stolen AS (SELECT act, item.* FROM property WHERE part = '7')
    SELECT DISTINCT line_number FROM recovered
    WHERE value > (
        SELECT max(value) FROM stolen
        WHERE stolen.act = recovered.act AND (
            stolen.thing = recovered.thing
            OR (recovered.thing = '38' AND stolen.thing IN ({vehicles}))
        )
    )
"""
