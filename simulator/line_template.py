"""Put values where a record layout wants them.

Does not belong here: which values. The layout is the one that the readers use.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sources.layout import RecordLayout


class LineTemplate:
    """A record of one layout with some fields constant, some varying and the rest blank."""

    def __init__(
        self, layout: RecordLayout, constants: Mapping[str, str], varying: Collection[str]
    ) -> None:
        """Raise KeyError for a name that the layout does not have."""
        for name in (*constants, *varying):
            layout.field(name)
        self._form = (
            "".join(
                f"%({field.name})-{field.length}s"
                if field.name in varying
                else constants.get(field.name, "").ljust(field.length)
                for field in layout.fields
            )
            + "\n"
        )

    def fill(self, values: Mapping[str, str]) -> str:
        """One line, its end included. Values must fit; blanks fill up on the right."""
        return self._form % values
