"""Changes of NIBRS incidents that can have no effect, because nobody reported the incident.

Belongs here: which incidents stand after the deliveries before, and which changes of a file are
about none. Does not belong here: applying a change (dbt).

FBI UCR, 2019.1 NIBRS Technical Specification: A, M and D act on what is on file. Arrests are left
alone: an arrest counts without its incident, as a time-window submission (W) does.
"""

from datetime import date
from pathlib import Path

import duckdb

from sources.workbench import ask_number, note_problem, quote


def note_changes_without_effect(
    connection: duckdb.DuckDBPyConnection, file: str, known_incidents: str
) -> None:
    """Note changes and deletions of incidents that stand neither in the file nor in a query.

    The query has the column report. Such a change is dropped; a deletion is kept, for it may take
    arrests away. A deletion that a report follows is half of a correction and is not meant.
    """
    if not ask_number(connection, f"SELECT count(*) FROM segments WHERE {_IS_CHANGE}"):  # noqa: S608
        return
    connection.execute(_CREATE_CHANGES)
    for code, is_deletion in (("MS332", "NOT is_deletion"), ("MS339", "is_deletion")):
        without = (
            f"SELECT line_number FROM changes WHERE {is_deletion} AND (action_before = 'D' "  # noqa: S608
            f"OR (action_before IS NULL AND report NOT IN (SELECT report FROM ({known_incidents}) "
            "SEMI JOIN changes USING (report))))"
        )
        note_problem(connection, file, code, "incident_number", without)


def note_deletions_without_effect(
    connection: duckdb.DuckDBPyConnection, file: str, raw: Path | None
) -> None:
    """Note deletions of an offence or a victim that neither the file nor a delivery before it has.

    Those of incidents that do not stand have their note already.
    """
    for level, (table, field) in _PARTS.items():
        some = f"SELECT count(*) FROM segments WHERE level = {quote(level)} AND action = 'D'"  # noqa: S608
        if not ask_number(connection, some):
            continue
        delivered = "SELECT '' AS report, '' AS part WHERE false"
        if raw and any(raw.glob(f"*/*/{table}.parquet")):
            delivered = _DELIVERED_PARTS.format(
                part=field, rows=quote(f"{raw}/*/*/{table}.parquet")
            )
        without = _DELETIONS_OF_NOTHING.format(level=quote(level), delivered=delivered)
        note_problem(connection, file, "MS340", field, without)


def write_query_of_known_incidents(raw: Path, quarter_start: date, kind: str) -> str:
    """SQL for the reports that stand after the accepted deliveries in a folder of raw tables.

    A full delivery replaces what was delivered for its quarter before, so that does not count.
    """
    if not any(raw.glob("*/*/administrative.parquet")):
        return "SELECT '' AS report WHERE false"
    replaced = f"quarter_start = DATE '{quarter_start}'" if kind == "full" else "false"
    return _KNOWN_INCIDENTS.format(
        deliveries=quote(f"{raw}/*/*/deliveries.parquet"),
        administrative=quote(f"{raw}/*/*/administrative.parquet"),
        replaced=replaced,
    )


_IS_CHANGE = "level IN ('1', '2', '4') AND action IN ('A', 'M', 'D', 'R')"

_CREATE_CHANGES = """
    CREATE TABLE changes AS
    WITH valid AS (
        SELECT act, report, action FROM acts WHERE verdict = '' AND action <> 'W'
    ),
    candidates AS (
        SELECT line_number, report, false AS is_deletion FROM segments
        WHERE NOT is_lost AND (
            (level = '1' AND action = 'M')
            OR (level IN ('2', '4') AND act IS NULL AND action IN ('A', 'M', 'D', 'R'))
        )
        UNION ALL
        SELECT valid.act, valid.report, true FROM valid
        LEFT JOIN (
            SELECT report, max(act) AS last_report FROM valid WHERE action <> 'D' GROUP BY report
        ) USING (report)
        WHERE action = 'D' AND valid.act > coalesce(last_report, 0)
    )
    SELECT candidates.*, valid.action AS action_before
    FROM candidates
    ASOF LEFT JOIN valid
        ON candidates.report = valid.report AND candidates.line_number > valid.act
"""

_PARTS = {"2": ("offense", "ucr_offense_code"), "4": ("victim", "victim_sequence_number")}

_DELETIONS_OF_NOTHING = """
    WITH deletions AS (
        SELECT line_number, report, part FROM segments
        WHERE level = {level} AND action = 'D' AND act IS NULL AND NOT is_lost
            AND line_number NOT IN (SELECT line_number FROM problems WHERE code = 'MS332')
    )
    SELECT line_number FROM deletions
    ANTI JOIN ({delivered}) USING (report, part)
    ANTI JOIN (
        SELECT line_number AS reported, report, part FROM segments
        WHERE level = {level} AND action <> 'D' AND NOT is_lost
    ) AS before ON deletions.report = before.report AND deletions.part = before.part
        AND reported < deletions.line_number
"""

_DELIVERED_PARTS = """
    SELECT rpad(ori, 9, ' ') || rpad(incident_number, 12, ' ') AS report, trim({part}) AS part
    FROM read_parquet({rows}) WHERE segment_action_type <> 'D'
"""

_KNOWN_INCIDENTS = """
    SELECT report FROM (
        SELECT rpad(ori, 9, ' ') || rpad(incident_number, 12, ' ') AS report,
            row_number() OVER (
                PARTITION BY ori, incident_number
                ORDER BY received_at DESC, administrative.delivery_sequence DESC, line_number DESC
            ) AS version_order,
            segment_action_type AS action
        FROM read_parquet({administrative}) AS administrative
        JOIN (
            SELECT *, max(CASE WHEN delivery_kind <> 'delta' THEN delivery_sequence END)
                OVER (PARTITION BY quarter_start) AS replacing_sequence
            FROM read_parquet({deliveries})
        ) AS deliveries USING (quarter_start, delivery_sequence)
        WHERE segment_action_type NOT IN ('M', 'W') AND NOT {replaced}
            AND delivery_sequence >= coalesce(replacing_sequence, 0)
    )
    WHERE version_order = 1 AND action <> 'D'
"""
