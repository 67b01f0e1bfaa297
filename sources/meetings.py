"""Holds children of a delivery against those of another agency that bear the same number.

Belongs here: the share that meets, in rounded words, and birth dates that differ. Does not belong
here: joining anything (dbt). Where nothing of the other agency lies there, nothing is said; on an
agency's own machine nothing ever does.
"""

from pathlib import Path
from typing import NamedTuple

import duckdb

from sources.contracts import Meeting
from sources.errors import SourcesError
from sources.workbench import ask_number, note_problem, quote

DIFFERENT_BIRTH_DATE = "MS242"
_NONE, _SOME = "MS243", "MS244"
_SHARES = ((0.9, "nearly all"), (0.5, "half or more"), (0.1, "less than half"), (0.0, "few"))
"""Least share, and how it is told."""

_NUMBER, _BORN = "e4_child_record_number", "e5_date_of_birth"

_OTHERS = """
    CREATE TABLE others AS
    SELECT trim({number}) AS number, list(DISTINCT try_strptime(trim({birth_date}), '%m%d%Y'))
        FILTER (WHERE try_strptime(trim({birth_date}), '%m%d%Y') IS NOT NULL) AS born
    FROM read_parquet({rows}, union_by_name = true)
    WHERE trim({number}) <> '' GROUP BY ALL
"""

_DIFFERENT = f"""
    SELECT line_number FROM rows_children JOIN others ON number = {_NUMBER}
    WHERE len(born) > 0 AND NOT list_contains(born, try_strptime({_BORN}, '%Y%m%d'))
"""  # noqa: S608 - names of the layout


class Met(NamedTuple):
    """Sentences on children who meet others: what changes nothing, and what is a warning."""

    remarks: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def find_others(raw: Path, meeting: Meeting | None) -> Path:
    """Where the raw tables of the other agency lie, beside those of one; its own if none is met."""
    return raw.with_name(meeting.agency) if meeting else raw


def say_meeting(
    connection: duckdb.DuckDBPyConnection, file: str, meeting: Meeting, others: Path
) -> Met:
    """Note birth dates that differ, and say how many children bear a number of the others.

    Args:
        connection: has the view `rows_children`.
        file: name of the delivered file.
        meeting: what bears the number.
        others: folder of the raw tables of the other agency.
    """
    rows = quote(f"{others}/*/*/{meeting.table}.parquet")
    if not any(others.glob(f"*/*/{meeting.table}.parquet")) or not _has_column(
        connection, rows, meeting.number
    ):
        return Met()
    connection.execute(
        _OTHERS.format(number=meeting.number, birth_date=meeting.birth_date, rows=rows)
    )
    children = ask_number(connection, "SELECT count(*) FROM rows_children")
    if not children or not ask_number(connection, "SELECT count(*) FROM others"):
        return Met()
    note_problem(connection, file, DIFFERENT_BIRTH_DATE, _BORN, _DIFFERENT)
    meets = f"SELECT count(*) FROM rows_children JOIN others ON number = {_NUMBER}"  # noqa: S608
    share = ask_number(connection, meets) / children
    if not share:
        return Met(warnings=(SourcesError(_NONE, agency=meeting.agency).sentence,))
    told = next(words for least, words in _SHARES if share >= least)
    return Met(remarks=(SourcesError(_SOME, agency=meeting.agency, share=told).sentence,))


def _has_column(connection: duckdb.DuckDBPyConnection, rows: str, column: str) -> bool:
    described = connection.execute(
        f"DESCRIBE SELECT * FROM read_parquet({rows}, union_by_name = true)"  # noqa: S608
    ).fetchall()
    return column in {row[0] for row in described}
