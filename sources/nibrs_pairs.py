"""Notes where a victim and an offender of a NIBRS incident do not fit their relationship.

Belongs here: bringing every victim together with the offenders that she is connected to, and asking
the conditions of `fbi_rules` about the two. Does not belong here: what a rule says.
"""

import duckdb

from sources.fbi_rules import list_fbi_checks
from sources.layout import load_nibrs_layout
from sources.rule_language import write_condition
from sources.workbench import marks_of, mask_where, quote


def note_broken_pairs(connection: duckdb.DuckDBPyConnection, file: str) -> None:
    """Note every rule about a victim and an offender that is broken; needs `incidents`."""
    connection.execute(_write_pairs())
    checks = [(check, write_condition(check.fails, None)) for check in list_fbi_checks("pair")]
    bits = mask_where(fails for _, fails in checks)
    marks = marks_of(check for check, _ in checks)
    connection.execute(
        f"INSERT INTO problems SELECT DISTINCT {quote(file)}, "  # noqa: S608
        "CASE segment WHEN '4' THEN victim_line ELSE offender_line END, code, field, rule, segment "
        f"FROM (SELECT victim_line, offender_line, {bits} AS mask FROM ({_COUNTED})) AS pairs "
        f"JOIN {marks} ON (mask & bit) <> 0"
    )


def _write_pairs() -> str:
    """The pairs of one of the relationships that tell something of both, or of a blank offender."""
    victim, offender = (load_nibrs_layout()[level] for level in "45")
    numbers, ties = (
        "["
        + ", ".join(f"substr(text, {victim.field(f'{name}_{n}').start}, 2)" for n in range(1, 11))
        + "]"
        for name in ("offender_number_related", "relationship_of_victim_to_offender")
    )
    of_victim, of_offender = (
        ", ".join(
            f"rtrim(substr(text, {layout.field(f'{name}_of_{person}').start}, "
            f"{layout.field(f'{name}_of_{person}').length})) AS {person}_{name}"
            for name in ("age", "sex", "race")
        )
        for person, layout in (("victim", victim), ("offender", offender))
    )
    return _CREATE_PAIRS.format(
        numbers=numbers, ties=ties, of_victim=of_victim, of_offender=of_offender
    )


_TELLING = "'SE', 'CS', 'XS', 'BG', 'HR', 'CH', 'GC', 'PA', 'GP', 'VO'"

# Of every piece of a victim or an offender once; then the lines that have such pieces.
_CREATE_PAIRS = f"""
    CREATE TABLE pairs AS
    WITH ties AS (
        SELECT piece, {{of_victim}}, unnest({{numbers}}) AS offender,
            unnest({{ties}}) AS relationship
        FROM pieces WHERE level = '4' AND is_legible
    ),
    offender_pieces AS (
        SELECT piece, part AS offender, {{of_offender}},
            offender_age IN ('', '00') AND offender_sex IN ('', 'U')
                AND offender_race IN ('', 'U') AS is_blank
        FROM pieces WHERE level = '5' AND is_legible
    ),
    victims AS (
        SELECT line_number AS victim_line, act, ties.* EXCLUDE (piece)
        FROM segments JOIN ties USING (piece)
        WHERE level = '4' AND NOT is_lost AND relationship NOT IN ('', '  ', 'RU')
            AND act IN (SELECT act FROM incidents)
    ),
    offenders AS (
        SELECT line_number AS offender_line, act, offender_pieces.* EXCLUDE (piece)
        FROM segments JOIN offender_pieces USING (piece) WHERE level = '5' AND NOT is_lost
    )
    SELECT * FROM victims JOIN offenders USING (act, offender)
    WHERE is_blank OR relationship IN ({_TELLING})
"""  # noqa: S608

_COUNTED = """
    SELECT *,
        count(*) FILTER (relationship = 'VO') OVER (PARTITION BY act, offender)
            AS victims_were_offender,
        count(*) FILTER (relationship = 'SE') OVER (PARTITION BY act, offender)
            AS victims_were_spouse
    FROM pairs
"""
