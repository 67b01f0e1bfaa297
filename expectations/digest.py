"""The digest of exact rows: what was judged, and what a release was drawn from.

Every column of every table of release input counts, whether or not a policy reads it. A digest of
confidential rows is a function of them and stays in the vault. Does not belong here: what is done
where two digests differ (``record``).
"""

from __future__ import annotations

import hashlib
import json
from datetime import date

from expectations.errors import ExpectationsError
from expectations.run import Connection

_TABLES = """
select table_name from information_schema.tables
where table_schema = 'release_input' order by table_name
"""


def digest_release_input(connection: Connection, quarter_start: date) -> str:
    """SHA-256, in hex, over every release_input row of a quarter, whatever order rows come in.

    Raises:
        ExpectationsError: MS502, a query failed.
    """
    digests = digest_tables(connection, quarter_start)
    return hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()


def digest_tables(connection: Connection, quarter_start: date) -> dict[str, str]:
    """Table of release input to the digest of its rows of a quarter.

    Raises:
        ExpectationsError: MS502, a query failed.
    """
    names = [name for (name,) in connection.execute(_TABLES, []).fetchall()]
    return {
        name: digest_rows(connection, f'release_input."{name}"', quarter_start) for name in names
    }


def digest_rows(connection: Connection, relation: str, quarter_start: date) -> str:
    """How many rows of the quarter a relation has, and the sums of both halves of their hashes.

    The order of rows does not matter. A row is hashed as the text that DuckDB makes of it, which
    names each column and quotes what could be taken for something else.

    Raises:
        ExpectationsError: MS502, the query failed.
    """
    query = (
        "select count(*), sum(md5_number_lower(cast(kept as varchar))), "  # noqa: S608 - our names
        f"sum(md5_number_upper(cast(kept as varchar))) from {relation} as kept "
        "where quarter_start = ?"
    )
    kind = ""
    try:
        ((rows, low, high),) = connection.execute(query, [quarter_start]).fetchall()
    except Exception as error:  # noqa: BLE001 - its text quotes values, its type does not
        kind = type(error).__name__
    else:
        return f"{rows}:{low}:{high}"
    raise ExpectationsError(
        "MS502", relation=relation, quarter=quarter_start.isoformat(), kind=kind
    ) from None
