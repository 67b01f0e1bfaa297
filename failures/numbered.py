"""One form of text for every number, and one class of error that fills it.

Does not belong here: how a failure is shown, and what becomes of an error that has no number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import ClassVar

from failures.exits import Exit


@dataclass(frozen=True)
class ErrorText:
    """What happened, why that is so or wrong, and what to do next.

    Each part is a template of `str.format` without its last full stop. A placeholder stands for a
    name or an agreed number that the repository knows, never for the value of a record.

    Attributes:
        exit_code: of the command that meets the failure; None for the usual one of its room.
    """

    what: str
    why: str
    next_step: str
    exit_code: Exit | None = None

    @property
    def placeholders(self) -> frozenset[str]:
        """The names of the facts that the three parts need."""
        parts = (self.what, self.why, self.next_step)
        return frozenset(
            name for part in parts for _, name, _, _ in Formatter().parse(part) if name
        )

    def fill(self, facts: Mapping[str, str | int]) -> tuple[str, str, str]:
        """Give the three parts with every fact in its place.

        Raises:
            TypeError: A fact is missing or not asked for, or is neither a word nor a whole number:
                dates, fractions and rows are what records are made of.
        """
        if facts.keys() != self.placeholders:
            raise TypeError(f"asked for {sorted(self.placeholders)}, given {sorted(facts)}")
        if not all(isinstance(fact, str | int) for fact in facts.values()):
            raise TypeError(f"one of {sorted(facts)} is neither a word nor a whole number")
        what, why, next_step = (
            part.format_map(facts) for part in (self.what, self.why, self.next_step)
        )
        return what, why, next_step


class NumberedError(Exception):
    """A failure that may be shown to anyone; each room derives one class that names its texts.

    Attributes:
        texts: the texts of the room, by number.
        usual_exit: the exit code of those that name none.
        code: number of the failure, such as `MS902`.
        title: what happened, without a full stop.
        detail: what happened, why, what to do next.
        sentence: the number and the detail.
        exit_code: what the command line returns.
    """

    texts: ClassVar[Mapping[str, ErrorText]]
    usual_exit: ClassVar[Exit]

    def __init__(self, code: str, **facts: str | int) -> None:
        text = self.texts[code]
        parts = text.fill(facts)
        self.code = code
        self.title = parts[0]
        self.detail = " ".join(f"{part}." for part in parts)
        self.sentence = f"{code}: {self.detail}"
        self.exit_code = int(self.usual_exit if text.exit_code is None else text.exit_code)
        super().__init__(self.sentence)
