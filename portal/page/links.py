"""Links that open the comparison of a page with numbers already chosen, in the address's fragment.

Here: writing them, as the script reads them (``templates/release_form.js``): sides are parted by a
semicolon, rows of a sum by a plus, and each row is its table, its name and its period. They hold
wherever the page lies, from a folder too.
"""

from __future__ import annotations

from urllib.parse import quote

from portal.changed import Change


def link_change(change: Change, name: str) -> str:
    """The link that opens a change; `name` is that of its row, as the page's tables have it."""
    sides = (
        "+".join(f"{write_row(change.key[0], name)}@{moment.period}" for moment in moments)
        for moments in (change.now, change.before)
    )
    return f"#compare={';'.join(sides)}"


def write_row(table: str, name: str) -> str:
    """A row as links name it; the script adds a period to it."""
    return f"{table}:{quote(name, safe='')}"
