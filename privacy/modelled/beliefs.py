"""Gaussian beliefs about every unit of a geography, from a prior for the leaves and what was told.

A unit holds one number for each cell of a vector; a unit above the leaves holds the sum of its
children. Beliefs climb from the leaves to the top and come down again, one small matrix for each
unit. Does not belong here: which prior is right, and how tables become evidence
(privacy.modelled.modelling).

This is the smoother of Rauch, Tung, Striebel, "Maximum likelihood estimates of linear dynamic
systems" (1965), on a tree instead of a chain.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from privacy.engine.frames import Level

Numbers = NDArray[np.float64]


class Belief(NamedTuple):
    """What is held of the units of one level: (units, cells) and (units, cells, cells)."""

    mean: Numbers
    covariance: Numbers


@dataclass(frozen=True)
class Evidence:
    """What was told, at each level from the top: of each unit's cells, and how precisely.

    `told` are (units, cells); `precisions` are (cells, cells), zero where nothing was told.
    """

    told: tuple[Numbers, ...]
    precisions: tuple[Numbers, ...]


class Climb:
    """Beliefs on the way up: each unit by all that was told of it and of the units inside it.

    `tops` are those beliefs for each level; `log_likelihood` is that of the evidence under the
    prior, up to a constant that no prior changes.
    """

    def __init__(self, levels: Sequence[Level], evidence: Evidence, prior: Belief) -> None:
        self._parents = [np.array(level.parents, dtype=np.int64) for level in levels]
        self.log_likelihood = 0.0
        before = prior
        self._before: list[Belief] = []
        self.tops: list[Belief] = []
        for place in range(len(levels) - 1, -1, -1):
            if place < len(levels) - 1:
                before = self._sum_children(self.tops[0], place + 1, len(levels[place].keys))
            told, precision = evidence.told[place], evidence.precisions[place]
            self._before.insert(0, before)
            self.tops.insert(0, self._learn(before, told, precision))

    def descend(self, known: Sequence[Belief] = ()) -> list[Belief]:
        """Return the beliefs of each level by all evidence, below those of the top levels given."""
        beliefs = list(known) or [self.tops[0]]
        for place in range(len(beliefs), len(self.tops)):
            parents, above, before = self._parents[place], beliefs[-1], self._before[place - 1]
            inner = self.tops[place]
            gain = inner.covariance @ np.linalg.inv(before.covariance)[parents]
            lacking = (above.mean - before.mean)[parents]
            spread = (above.covariance - before.covariance)[parents]
            mean = inner.mean + np.einsum("uij,uj->ui", gain, lacking)
            covariance = inner.covariance + gain @ spread @ gain.transpose(0, 2, 1)
            beliefs.append(Belief(mean, covariance))
        return beliefs

    def _sum_children(self, children: Belief, place: int, units: int) -> Belief:
        mean = np.zeros((units, *children.mean.shape[1:]))
        covariance = np.zeros((units, *children.covariance.shape[1:]))
        np.add.at(mean, self._parents[place], children.mean)
        np.add.at(covariance, self._parents[place], children.covariance)
        return Belief(mean, covariance)

    def _learn(self, before: Belief, told: Numbers, precision: Numbers) -> Belief:
        """Return the belief after the unit's own evidence, and count how likely that was."""
        widened = np.eye(len(precision)) + precision @ before.covariance
        inverse = np.linalg.inv(widened)
        surprise = told - before.mean
        weighted = np.einsum("ui,uij->uj", surprise, inverse @ precision)
        self.log_likelihood -= 0.5 * float(np.linalg.slogdet(widened)[1].sum())
        self.log_likelihood -= 0.5 * float((weighted * surprise).sum())
        covariance = before.covariance @ inverse
        covariance = (covariance + covariance.transpose(0, 2, 1)) / 2
        mean = before.mean + np.einsum("uij,uj->ui", covariance, surprise @ precision)
        return Belief(mean, covariance)
