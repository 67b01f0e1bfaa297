"""What the segments of a NIBRS file say together: reports of incidents, and changes of them.

Belongs here: which segments make up one report, which report of an incident stands, and what that
costs the others. Does not belong here: rules on single segments (`nibrs_rules`), what an earlier
delivery said of the same incident (dbt), where and when incidents were (`nibrs_period`).

An act is what a level 1 segment begins: a report (I, R) with the segments that follow it under its
key, a deletion (D) or a time-window submission (W). Other segments with A, M and D, and with R
outside a report that replaces one, are changes, each by itself. See decision 0015. Rules between
segments: FBI UCR, 2019.1 NIBRS Technical Specification, structure checks 050 to 075.

The table `segments` holds every segment of a known level:

* report: ORI and incident number, NULL if they cannot be read;
* act: line of the level 1 segment of its report, for levels 1 to 6;
* part: offence code, kind of property or number of the person;
* detail: date of an incident or arrest;
* piece: of `nibrs_pieces`; is_early: its level is below that of the line before;
* is_legible: its header can be read; is_spoilt: a check that it failed costs the record; is_lost:
  at least the line.
"""

import duckdb

from sources.workbench import ask_number, note_problem

_CHANGES = "('A', 'M', 'D', 'W')"


def judge_incidents(connection: duckdb.DuckDBPyConnection, file: str) -> None:
    """Note what is wrong between segments; leaves the tables `acts` and `standing`.

    acts: act, report, action, day, and verdict: "" for an act that stands, otherwise what is
    wrong with it. standing: the segments of levels 2 to 6 that make up reports.
    """
    connection.execute(_CREATE_ACTS)
    if ask_number(connection, f"SELECT count(*) FROM ({_MISPLACED})"):  # noqa: S608
        connection.execute(_PLACE_ELSEWHERE)
    connection.execute(_LEAVE_CHANGES)
    _note_strays(connection, file)
    connection.execute(_CREATE_SEVERAL)
    connection.execute(_JUDGE_BY_PARTS)
    connection.execute(_JUDGE_BY_ORDER)
    note_problem(connection, file, "MS330", "", _lines_of("repeated line"))
    note_problem(connection, file, "MS329", "", _LINES_WITHOUT_PARTS, rule="075", segment="1")
    note_problem(
        connection, file, "MS322", "incident_number", _lines_of("reported before"), rule="056"
    )
    note_problem(connection, file, "MS325", "", _REST_OF_INCIDENTS)
    connection.execute(_CREATE_STANDING)
    _note_repeated_parts(connection, file)
    note_problem(connection, file, "MS333", "", _OFFENCE_MISSING, rule="466", segment="4")
    note_problem(connection, file, "MS334", "", _CUT_OFF)


def _note_strays(connection: duckdb.DuckDBPyConnection, file: str) -> None:
    connection.execute(_CREATE_STRAYS)
    note_problem(
        connection, file, "MS321", "incident_number", _STRAYS.format(join="ANTI"), rule="055"
    )
    note_problem(
        connection, file, "MS323", "segment_level", _STRAYS.format(join="SEMI"), rule="050"
    )


def _note_repeated_parts(connection: duckdb.DuckDBPyConnection, file: str) -> None:
    connection.execute(_CREATE_REPEATED_PARTS)
    same = "SELECT line_number FROM repeated_parts WHERE is_same"
    note_problem(connection, file, "MS330", "", same)
    for level, code, field, rule in (
        ("2", "MS341", "ucr_offense_code", "262"),
        ("3", "MS341", "type_property_loss", "376"),
        ("4", "MS324", "victim_sequence_number", "451"),
        ("5", "MS324", "offender_sequence_number", "551"),
        ("6", "MS324", "arrestee_sequence_number", "661"),
    ):
        other = f"SELECT line_number FROM repeated_parts WHERE NOT is_same AND level = '{level}'"  # noqa: S608
        note_problem(connection, file, code, field, other, rule=rule, segment=level)


def _lines_of(verdict: str) -> str:
    """Lines of acts with a verdict that have no problem of their own."""
    return (
        "SELECT line_number FROM segments JOIN acts USING (act) "  # noqa: S608
        f"WHERE verdict = '{verdict}' AND NOT is_lost"
    )


_CREATE_ACTS = """
    CREATE TABLE acts AS
    SELECT line_number AS act, report, action, detail AS day, is_spoilt, '' AS verdict
    FROM segments WHERE level = '1' AND action <> 'M' AND report IS NOT NULL
"""

# Segments usually follow their level 1 segment; those of a mixed file are looked up by their key.
_MISPLACED = f"""
    SELECT line_number, report FROM segments
    WHERE act IS NULL AND level BETWEEN '2' AND '6' AND action NOT IN {_CHANGES}
"""  # noqa: S608

_PLACE_ELSEWHERE = f"""
    UPDATE segments SET act = found.act
    FROM (
        SELECT misplaced.line_number, before.act
        FROM ({_MISPLACED}) AS misplaced
        ASOF JOIN acts AS before
            ON misplaced.report = before.report AND misplaced.line_number > before.act
    ) AS found
    WHERE segments.line_number = found.line_number
"""  # noqa: S608

_LEAVE_CHANGES = f"""
    UPDATE segments SET act = NULL
    WHERE act IS NOT NULL AND CASE
        WHEN level = '1' THEN action = 'M'
        WHEN action = 'R' THEN act NOT IN (SELECT act FROM acts WHERE action = 'R')
        ELSE action IN {_CHANGES} OR act IN (SELECT act FROM acts WHERE action IN ('D', 'W'))
    END
"""  # noqa: S608

_CREATE_STRAYS = f"""
    CREATE TABLE strays AS SELECT line_number, report FROM segments
    WHERE act IS NULL AND level BETWEEN '2' AND '6' AND NOT is_lost
        AND action <> 'R' AND action NOT IN {_CHANGES}
"""  # noqa: S608

_STRAYS = """
    SELECT line_number FROM strays
    {join} JOIN acts
        ON strays.report = acts.report AND acts.act > strays.line_number
            AND acts.action NOT IN ('D', 'W')
"""

_CREATE_SEVERAL = """
    CREATE TABLE several AS SELECT report FROM acts GROUP BY report HAVING count(*) > 1
"""

_JUDGE_BY_PARTS = """
    UPDATE acts SET verdict = judged.verdict
    FROM (
        SELECT act, CASE
            WHEN is_spoilt THEN 'spoilt'
            WHEN action IN ('D', 'W') THEN ''
            WHEN lines = 1 AND report IN (SELECT report FROM several) THEN 'alone'
            WHEN NOT has_offence OR NOT has_victim THEN 'without parts'
            ELSE ''
        END AS verdict
        FROM (
            SELECT act, bool_or(is_spoilt) AS is_spoilt, count(*) AS lines,
                bool_or(level = '2' AND NOT is_lost) AS has_offence,
                bool_or(level = '4' AND NOT is_lost) AS has_victim
            FROM segments WHERE act IS NOT NULL GROUP BY act
            HAVING bool_or(is_spoilt) OR NOT has_offence OR NOT has_victim
        ) AS parts
        JOIN (SELECT act, action, report FROM acts) USING (act)
    ) AS judged
    WHERE acts.act = judged.act
"""

# Of the incidents with several acts. A deletion before a report that cannot be taken is the first
# half of a correction and waits with it. A report stands unless one stands already.
_JUDGE_BY_ORDER = """
    UPDATE acts SET verdict = judged.verdict
    FROM (
        WITH candidates AS (
            SELECT * FROM acts SEMI JOIN several USING (report) WHERE action <> 'W'
        ),
        openings AS (
            SELECT candidates.report, candidates.act, candidates.verdict, lines_nibrs.line
            FROM candidates JOIN lines_nibrs ON candidates.act = lines_nibrs.line_number
            WHERE report IN (SELECT report FROM candidates WHERE verdict = 'alone')
        ),
        without_copies AS (
            SELECT * REPLACE (
                CASE
                    WHEN verdict <> 'alone' THEN verdict
                    WHEN act IN (
                        SELECT alone.act
                        FROM openings AS alone JOIN openings AS other USING (report, line)
                        WHERE alone.verdict = 'alone' AND other.verdict <> 'alone'
                    ) THEN 'repeated line'
                    ELSE 'without parts'
                END AS verdict
            )
            FROM candidates
        ),
        paired AS (
            SELECT * REPLACE (
                CASE
                    WHEN verdict = '' AND action = 'D' AND next_action <> 'D'
                        AND next_verdict IN ('spoilt', 'without parts') THEN 'half'
                    ELSE verdict
                END AS verdict
            )
            FROM (
                SELECT *, lead(verdict) OVER followed AS next_verdict,
                    lead(action) OVER followed AS next_action
                FROM without_copies WHERE verdict <> 'repeated line'
                WINDOW followed AS (PARTITION BY report ORDER BY act)
            )
        ),
        ordered AS (
            SELECT act, CASE
                WHEN action = 'I' AND lag(action) OVER (PARTITION BY report ORDER BY act) <> 'D'
                    THEN 'reported before'
                ELSE ''
            END AS verdict
            FROM paired WHERE verdict = ''
        )
        SELECT act, verdict FROM ordered
        UNION ALL SELECT act, verdict FROM paired WHERE verdict <> ''
        UNION ALL SELECT act, verdict FROM without_copies WHERE verdict = 'repeated line'
    ) AS judged
    WHERE acts.act = judged.act
"""

_LINES_WITHOUT_PARTS = """
    SELECT act AS line_number FROM acts WHERE verdict = 'without parts'
"""

_REST_OF_INCIDENTS = """
    SELECT line_number FROM segments JOIN acts USING (act)
    WHERE verdict IN ('spoilt', 'half', 'without parts') AND NOT is_lost
        AND NOT (verdict = 'without parts' AND level = '1')
"""

_CREATE_STANDING = """
    CREATE VIEW standing AS
    SELECT * FROM segments
    WHERE level > '1' AND act IS NOT NULL AND NOT is_lost
        AND act NOT IN (SELECT act FROM acts WHERE verdict <> '')
"""

# The first of several segments about the same offence, property or person stands. Only a report
# that is interrupted, or whose segments do not go up, can have several; most do neither. If rows
# were ever read in another order than they were written, every report could.
_CREATE_REPEATED_PARTS = """
    CREATE TABLE repeated_parts AS
    WITH in_a_row AS (
        SELECT act, level, part, line_number, lag(act) OVER () AS act_before,
            lag(level) OVER () AS level_before, lag(part) OVER () AS part_before,
            lag(line_number) OVER () AS line_before
        FROM standing
    ),
    doubtful AS MATERIALIZED (
        SELECT DISTINCT act, line_number < line_before AS is_back FROM in_a_row
        WHERE line_number < line_before OR CASE
            WHEN act <> act_before THEN line_before > act
            ELSE level < level_before OR (level = level_before AND part <= part_before)
        END
    ),
    doubted AS MATERIALIZED (
        SELECT * FROM standing
        WHERE act IN (SELECT act FROM doubtful) OR (SELECT bool_or(is_back) FROM doubtful)
    )
    SELECT doubted.line_number, doubted.level, later.line = earlier.line AS is_same
    FROM doubted
    JOIN (
        SELECT act, level, part, min(line_number) AS first_line
        FROM doubted GROUP BY act, level, part HAVING count(*) > 1
    ) AS repeated USING (act, level, part)
    JOIN lines_nibrs AS later ON later.line_number = doubted.line_number
    JOIN lines_nibrs AS earlier ON earlier.line_number = repeated.first_line
    WHERE doubted.line_number > repeated.first_line
"""

_OFFENCE_MISSING = """
    SELECT line_number FROM standing
    JOIN facts USING (piece)
    JOIN (
        SELECT act, bit_or(completed | attempted) AS offences
        FROM standing JOIN facts USING (piece) WHERE level = '2' GROUP BY act
    ) AS theirs USING (act)
    WHERE level = '4' AND (connected & offences) <> connected
"""

# An incident ends with its offenders, if nobody was arrested.
_CUT_OFF = """
    SELECT max(segments.line_number) AS line_number
    FROM segments JOIN acts USING (act)
    WHERE act = (SELECT max(act) FROM acts WHERE verdict <> 'repeated line')
        AND acts.action NOT IN ('D', 'W')
    HAVING NOT bool_or(level >= '5') AND (
        SELECT max(line_number) < max(act) FROM lines_nibrs WHERE level IN ('0', '7')
    ) IS NOT FALSE
"""
