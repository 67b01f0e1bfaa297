"""The state's lists that lie in the warehouse already, as dbt loaded and tested them.

They are more than half of what staging builds and tests, and the same in every quarter (decision
175). What came of them is noted with the rules they were loaded by and a digest of their rows; dbt
loads them again where either is another. Does not belong here: calling dbt (`dbt_steps`).
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import duckdb

from durable.writing import write_whole
from orchestration.hub.settings import Settings
from orchestration.hub.warehouse import read_warehouse

_NAME = "lists"
_TABLES = """
select table_name from information_schema.tables
where table_schema = 'reference' order by table_name
"""


def recall_lists(rules: str, settings: Settings) -> dict[str, Any] | None:
    """Give what was noted of the lists, if they lie there as they did; None if not.

    Args:
        rules: Hash of the rules of now.
        settings: Where the vault lies; the caller has the lock of the warehouse.
    """
    try:
        note = json.loads(settings.vault.built_rules(_NAME).read_text("utf-8"))
        is_same = note["rules"] == rules and note["digest"] == _digest_lists(settings)
        return dict(note["outcome"]) if is_same else None
    except (OSError, ValueError, KeyError, TypeError, duckdb.Error):
        return None


def note_lists(rules: str, outcome: dict[str, Any], settings: Settings) -> None:
    """Note what came of the lists, which were loaded just now and of which every test passed."""
    note = {"rules": rules, "digest": _digest_lists(settings), "outcome": outcome}
    write_whole(settings.vault.built_rules(_NAME), json.dumps(note, sort_keys=True))


def _digest_lists(settings: Settings) -> str:
    """SHA-256, in hex, over the rows of all lists, whatever order they come in."""
    with read_warehouse(settings) as connection:
        names = [name for (name,) in connection.execute(_TABLES).fetchall()]
        each = " union all ".join(
            f"select '{name}', count(*), sum(md5_number_lower(cast(kept as varchar)))::varchar, "  # noqa: S608 - our names
            f'sum(md5_number_upper(cast(kept as varchar)))::varchar from reference."{name}" as kept'
            for name in names
        )
        rows = sorted(connection.execute(each).fetchall()) if names else []
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()
