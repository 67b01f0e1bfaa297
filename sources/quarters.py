"""The calendar quarter as agencies and tables write it: `2025Q1`, keyed by its first day."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sources.errors import SourcesError

_QUARTER_TEXT = re.compile(r"(19|20)([0-9]{2})Q([1-4])")


@dataclass(frozen=True, order=True)
class Quarter:
    """A calendar quarter in America/Chicago; orders by time."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> "Quarter":
        """Read text such as `2025Q1`; anything else raises SourcesError MS118."""
        match = _QUARTER_TEXT.fullmatch(text)
        if match is None:
            raise SourcesError("MS118")
        return cls(int(match[1] + match[2]), int(match[3]))

    @property
    def first_day(self) -> date:
        """The key `quarter_start` of every table."""
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def months(self) -> tuple[str, str, str]:
        """Its three months, each like 2025-01."""
        first, second, third = (f"{self.year}-{3 * self.number - 2 + n:02d}" for n in range(3))
        return first, second, third

    def last_of(self, numbers: Collection[int]) -> "Quarter":
        """The last quarter with one of these numbers, itself or before it."""
        return self if self.number in numbers else self.previous().last_of(numbers)

    def next(self) -> "Quarter":
        """The quarter that follows."""
        return (
            Quarter(self.year + 1, 1) if self.number == 4 else Quarter(self.year, self.number + 1)
        )

    def previous(self) -> "Quarter":
        """The quarter before."""
        return (
            Quarter(self.year - 1, 4) if self.number == 1 else Quarter(self.year, self.number - 1)
        )

    def __str__(self) -> str:
        return f"{self.year}Q{self.number}"


def quarter_before(day: date) -> Quarter:
    """The quarter that ended last before the one of a day."""
    return Quarter(day.year, (day.month + 2) // 3).previous()
