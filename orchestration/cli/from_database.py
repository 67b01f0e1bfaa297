"""How a person names the views of a database that a delivery is drawn from.

Nothing here may import Dagster, dbt or the privacy engine. Does not belong here: reading them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sources.errors import SourcesError

if TYPE_CHECKING:
    from sources.database_view import Views

FromDatabase = Annotated[
    list[str] | None,
    typer.Option(
        help="A view of a PostgreSQL database as a file, role=schema.view; may be repeated."
    ),
]
Database = Annotated[
    Path | None,
    typer.Option(help="File with the connection string, which no other account may read."),
]
ChangedSince = Annotated[
    str | None,
    typer.Option(
        help="A delta of what changed on a day or later, column=day as updated_at=2025-04-01."
    ),
]


def name_views(
    named: Sequence[str] | None, database: Path | None, changed_since: str | None
) -> Views | None:
    """The views that were named, None where there are none; raises SourcesError MS165."""
    from sources.database_view import Change, Views

    if not (named or database or changed_since):
        return None
    if not named or not database:
        raise SourcesError("MS165", problem="--from-database and --database belong together")
    parts = [text.partition("=") for text in named]
    if len({role for role, _, _ in parts}) < len(parts):
        raise SourcesError("MS165", problem="each role is named once")
    change = None
    if changed_since:
        column, _, day = changed_since.partition("=")
        try:
            change = Change(column, date.fromisoformat(day))
        except ValueError:
            problem = "a change is named by column and day, like updated_at=2025-04-01"
            raise SourcesError("MS165", problem=problem) from None
    return Views(database, {role: view for role, _, view in parts}, change)
