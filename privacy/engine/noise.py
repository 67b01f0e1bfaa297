"""All noise, and all of OpenDP: the one file that imports it and the only source of randomness.

Row frames are counted inside OpenDP, so that it proves their sensitivity too; aggregate and
linked frames enter as counts with a declared distance. Does not belong here: budgets, storage,
publishing. The parts of OpenDP 0.16 known to be wrong, and not used, are in docs/privacy.md.

Mechanism: Canonne, Kamath, Steinke, "The Discrete Gaussian for Differential Privacy" (2020);
accounting: Bun, Steinke, "Concentrated Differential Privacy" (2016).
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from importlib.metadata import version
from statistics import NormalDist
from typing import Any

import numpy as np
from opendp import combinators, domains, measurements, metrics, mod, transformations
from scipy.optimize import brentq
from scipy.special import log_ndtr, ndtr

from privacy.engine.exact import ExactFrame
from privacy.engine.frames import AGGREGATE, ROWS, Frame, Places, Query
from privacy.errors import PrivacyError

FALSE_ALARM_RATE = 0.01
_NO_CELL = -1


class FrameMechanism:
    """The measurements of all tables of one frame; building it costs nothing and draws nothing.

    `rho` is what one draw costs under zCDP, an exact rational at or above OpenDP's own proof.
    """

    def __init__(self, frame: Frame, queries: Sequence[Query]) -> None:
        if any(query.scale < 1 for query in queries):
            raise PrivacyError("MS611")
        _enable_contrib()
        self._frame = frame
        self._queries = tuple(queries)
        try:
            if frame.kind == ROWS:
                parts = [_measure_rows(frame, query) for query in queries]
                self._measurements: list[Any] = [combinators.make_composition(parts)]
                self.rho = Fraction(self._measurements[0].map(frame.bound))
            else:
                self._measurements = [_measure_counts(frame, query) for query in queries]
                self.rho = sum(
                    (Fraction(part.map(frame.distance)) for part in self._measurements),
                    start=Fraction(0),
                )
        except mod.OpenDPException:
            raise PrivacyError("MS613") from None

    def draw(self, exact: ExactFrame) -> dict[str, list[int]]:
        """Return the noisy cells of each table; every call is a new draw and costs `rho`."""
        values = exact.hand_over_to_noise()
        try:
            if self._frame.kind == ROWS:
                drawn = self._measurements[0](values.astype(np.uintp))
            else:
                counts = _count_leaves(exact.frame, values)
                drawn = [
                    measurement(_sum_into_cells(exact.frame, query, counts))
                    for query, measurement in zip(self._queries, self._measurements, strict=True)
                ]
        except mod.OpenDPException:
            raise PrivacyError("MS613") from None
        return {
            query.name: [int(cell) for cell in cells]
            for query, cells in zip(self._queries, drawn, strict=True)
        }


def find_smallest_scale(frame: Frame, query: Query, rho: Fraction) -> Decimal:
    """Return the least scale, rounded up to thousandths and at least 1, that costs at most rho.

    The scale of the given query is ignored.
    """
    bound = frame.distance / math.sqrt(2 * rho)
    thousandths = max(1000, math.ceil(1000 * bound))
    while _cost(frame, query, thousandths) > rho:
        thousandths += 1
    return Decimal(thousandths) / 1000


def convert_to_epsilon(rho: Fraction, delta: Decimal) -> float:
    """Return the epsilon that every mechanism of this rho keeps at this delta, by OpenDP.

    An upper bound, because it holds for the worst of them: Gaussian noise keeps a smaller one.
    """
    _enable_contrib()
    space = domains.atom_domain(T="i64"), metrics.absolute_distance(T="f64")
    scale = math.sqrt(1 / (2 * rho))
    measurement = _gaussian(space, scale)
    while Fraction(measurement.map(1.0)) < rho:
        scale = math.nextafter(scale, 0)
        measurement = _gaussian(space, scale)
    converted: Any = combinators.make_zCDP_to_approxDP(measurement)
    return float(converted.map(1.0).epsilon(float(delta)))


def compose_epsilon(rho: Fraction, delta: Decimal) -> float:
    """Return the epsilon of Gaussian noise that costs rho in all, at this delta, exactly.

    Discrete noise of scales as large as here, composed numerically, has the same to 0.01 (a test).
    Source: Balle, Wang, "Improving the Gaussian mechanism for differential privacy" (2018).
    """
    mu = compute_mu(rho)

    def exceed(epsilon: float) -> float:
        kept = math.exp(epsilon + float(log_ndtr(-mu / 2 - epsilon / mu)))
        return float(ndtr(mu / 2 - epsilon / mu)) - kept - float(delta)

    if exceed(0.0) <= 0:
        return 0.0
    return float(brentq(exceed, 0.0, convert_to_epsilon(rho, delta)))


def compute_mu(rho: Fraction) -> float:
    """Return mu = sqrt(2 rho): how many standard deviations one identity can shift a release."""
    return math.sqrt(2 * rho)


def compute_power(rho: Fraction) -> float:
    """Return the share of true alarms of the best attacker at 1 false alarm in 100."""
    normal = NormalDist()
    return 1 - normal.cdf(normal.inv_cdf(1 - FALSE_ALARM_RATE) - compute_mu(rho))


def read_opendp_version() -> str:
    """Return the version of the OpenDP that draws here."""
    return version("opendp")


def _enable_contrib() -> None:
    mod.enable_features("contrib")
    if set(mod.GLOBAL_FEATURES) != {"contrib"}:
        raise PrivacyError("MS610")


def _count_rows(frame: Frame, query: Query) -> Any:  # noqa: ANN401 - opendp ships no types
    space = domains.vector_domain(domains.atom_domain(T="usize")), metrics.symmetric_distance()
    cell_of_leaf = frame.find_cell_of_leaf(query.marginal).astype(np.int32)
    cells = np.arange(frame.count_cells(query.marginal), dtype=np.int32)
    index = transformations.then_index(cell_of_leaf, _NO_CELL, TOA="i32")
    count = transformations.then_count_by_categories(
        cells, null_category=False, MO="L2Distance<f64>", TOA="i64"
    )
    return space >> index >> count


def _measure_rows(frame: Frame, query: Query) -> Any:  # noqa: ANN401
    return _count_rows(frame, query) >> measurements.then_gaussian(query.scale)


def _measure_counts(frame: Frame, query: Query) -> Any:  # noqa: ANN401
    size = frame.count_cells(query.marginal)
    cells = domains.vector_domain(domains.atom_domain(T="i64"), size=size)
    return _gaussian((cells, metrics.l2_distance(T="f64")), query.scale)


def _gaussian(space: tuple[Any, Any], scale: float) -> Any:  # noqa: ANN401
    return measurements.make_gaussian(*space, scale)


def _cost(frame: Frame, query: Query, thousandths: int) -> Fraction:
    return FrameMechanism(frame, [replace(query, scale=thousandths / 1000)]).rho


def _count_leaves(frame: Frame, values: Places) -> Places:
    if frame.kind == AGGREGATE:
        return values
    return np.bincount(values, minlength=frame.leaf_count)


def _sum_into_cells(frame: Frame, query: Query, leaf_counts: Places) -> Places:
    cells = np.zeros(frame.count_cells(query.marginal), dtype=np.int64)
    np.add.at(cells, frame.find_cell_of_leaf(query.marginal), leaf_counts)
    return cells
