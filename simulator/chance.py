"""Seeded chance, the same in every process and on every machine.

Every stream is named, so what one agency's file draws never shifts what another's draws. Seeding
with text goes through SHA-512 in the standard library, not through `hash`. Does not belong here:
anything that must be unpredictable; this is for made-up data only.
"""

from __future__ import annotations

import base64
import hashlib
import math
import random
from bisect import bisect
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import accumulate
from typing import Generic, TypeVar

T = TypeVar("T")


class Wheel(Generic[T]):
    """Values with weights, for quick repeated draws."""

    def __init__(self, weights: Mapping[T, float]) -> None:
        self._values = tuple(weights)
        self._steps = tuple(accumulate(weights.values()))

    def at(self, share: float) -> T:
        """The value at a share in [0, 1) of the way round."""
        return self._values[bisect(self._steps, share * self._steps[-1])]


class Chance(random.Random):
    """A named stream of chance."""

    def __init__(self, *name: object) -> None:
        super().__init__("/".join(map(str, name)))

    def spin(self, wheel: Wheel[T]) -> T:
        """Draw from a wheel."""
        return wheel.at(self.random())

    def happens(self, probability: float) -> bool:
        """True with this probability."""
        return self.random() < probability

    def below(self, count: int) -> int:
        """A whole number from 0 to count - 1."""
        return int(self.random() * count)

    def one_of(self, values: Sequence[T]) -> T:
        """One of several values, each as likely as another."""
        return values[int(self.random() * len(values))]

    def poisson(self, mean: float) -> int:
        """A Poisson number, summed from parts small enough for Knuth's product method."""
        total = 0
        while mean > 0:
            part = min(mean, 50.0)
            mean -= part
            product, limit = self.random(), math.exp(-part)
            while product > limit:
                product *= self.random()
                total += 1
        return total

    def birth_date(self, age: int, day: date) -> date:
        """A birth date that makes a person this many years old on the day."""
        return day - timedelta(days=int((age + 0.01 + 0.98 * self.random()) * 365.25))


def make_identifier(*name: object) -> str:
    """Twelve capital letters and digits beginning with SIM, the same for the same name."""
    digest = hashlib.blake2b("/".join(map(str, name)).encode(), digest_size=6).digest()
    return "SIM" + base64.b32encode(digest).decode("ascii")[:9]


def age_on(birth_date: date, day: date) -> int:
    """Completed years on a day."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))
