"""Parts of a release, where its places lie in more than one state: a page for each of them.

Here: which rows stand on which page. The first page has what lies in no state, and tables that are
short enough whole; data files are never divided. Not here: what a page shows of its rows
(``description``).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from jurisdiction.folder import list_counties
from jurisdiction.state import read_state
from portal.page.boundaries import LEVELS
from portal.page.rows import LONGEST
from privacy.released import Release

FIRST_PAGE = "index.html"
DIGITS = 2
"""Digits of a county's code that say in which state it lies (FIPS 6-4)."""

Places = Collection[tuple[str, str]]
"""Levels and keys."""


@dataclass(frozen=True)
class Part:
    """A page of its own: its file, its state's name, and the state's code; no code is the whole."""

    file: str
    name: str
    code: str


WHOLE = Part(FIRST_PAGE, "", "")


def list_parts() -> tuple[Part, ...]:
    """The states in which places lie, in the order in which the folder names them; () for one."""
    return tuple(
        Part(f"state-{code}.html", name, code) for code, name in read_state().states.items()
    )


def keep_part(release: Release, part: Part) -> Release:
    """The release with the rows that a page has, and the tables that have any.

    A place that lies in several states stands on the page of each.
    """
    placed = _list_places(part.code)

    def keeps(level: str, key: str, size: int) -> bool:
        return (
            ((level, key) in placed) if part.code else size <= LONGEST or (level, key) not in placed
        )

    tables = []
    for table in release.tables:
        kept = [
            place
            for place, row in enumerate(table.rows)
            if keeps(table.level, row.geography, len(table.rows))
        ]
        if kept:
            tables.append(
                replace(
                    table,
                    rows=tuple(table.rows[place] for place in kept),
                    positions=tuple(table.positions[place] for place in kept if table.positions),
                )
            )
    return replace(release, tables=tuple(tables))


def _list_places(code: str) -> Places:
    """Every place in a state, or in any state where no code is given."""
    return {
        (level, county[level])
        for county in list_counties()
        if county["fips"].startswith(code)
        for level in LEVELS
    }
