"""Containers for exact rows and counts that refuse to be shown, copied, stored or compared.

Belongs here: the checks at the entrance (one row per unit, one cell per table, listed keys only)
and the refusals. Does not belong here: noise. Only privacy.engine.noise takes the values out.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from privacy.declared import DeliveredTotals
from privacy.engine.frames import AGGREGATE, LINKED, ROWS, Column, Frame, Places
from privacy.errors import PrivacyError
from privacy.released import DELIVERY_KINDS, NO_DELIVERY, Provenance

Units = Sequence[str] | NDArray[np.integer[Any]]
"""Who each row is of: names, or whole numbers made from them, where zero stands for nobody."""


class _Withheld:
    """Base of all exact values: knows its public name and refuses everything else."""

    __slots__ = ("_name", "_values")
    _name: str

    def __repr__(self) -> str:
        return f"<exact values of {self._name}: withheld>"

    def _refuse(self, *_: object) -> NoReturn:
        raise PrivacyError("MS608", frame=self._name)

    __format__ = __reduce__ = __reduce_ex__ = __getstate__ = __copy__ = __deepcopy__ = _refuse
    __eq__ = __ne__ = __hash__ = __len__ = __iter__ = __getitem__ = __contains__ = _refuse


class ExactFrame(_Withheld):
    """One frame of a period; `frame` is its public geometry."""

    __slots__ = ("frame",)
    kind = ""

    def __init__(self, frame: Frame, values: Places) -> None:
        if frame.kind != self.kind:
            _complain(frame, f"It is a frame of kind {frame.kind}, given as another kind")
        self.frame = frame
        self._name = frame.name
        self._values = values

    def hand_over_to_noise(self) -> Places:
        """Return the values themselves; privacy.engine.noise alone may call this (a test looks)."""
        return self._values


class _UnitRows(ExactFrame):
    __slots__ = ()

    def __init__(self, frame: Frame, unit_ids: Units, columns: Mapping[str, Column]) -> None:
        if not _are_all_named(unit_ids):
            _complain(frame, "A row has no unit")
        if not _are_all_different(unit_ids):
            raise PrivacyError("MS606", frame=frame.name)
        super().__init__(frame, _find_leaves(frame, columns, len(unit_ids)))


class ExactRows(_UnitRows):
    """Rows of one source: one row per unit, one key per column, held as leaf numbers.

    Units may be given as whole numbers that a hash makes of them: then two units that meet in one
    number are refused as if they were one, and none is missed.
    Raises PrivacyError MS605 (unlisted key), MS606 (unit twice) or MS607 (form).
    """

    __slots__ = ()
    kind = ROWS


class ExactCells(_UnitRows):
    """Rows that depend on links between agencies: one row per unit, held as leaf numbers.

    One identity can move several rows here, by at most the distance of its frame.
    Raises PrivacyError MS605, MS606 or MS607.
    """

    __slots__ = ()
    kind = LINKED


class ExactCounts(ExactFrame):
    """Counts that an agency delivered as totals, held as one count per leaf.

    A listed key without a count is zero. Raises PrivacyError MS605 or MS607.
    """

    __slots__ = ()
    kind = AGGREGATE

    def __init__(self, frame: Frame, columns: Mapping[str, Column], counts: Sequence[int]) -> None:
        if any(type(count) is not int or not 0 <= count < 2**53 for count in counts):
            _complain(frame, "A count is not a whole number from zero up")
        leaves = _find_leaves(frame, columns, len(counts))
        if not _are_all_different(leaves):
            _complain(frame, "One cell is given twice")
        values = np.zeros(frame.leaf_count, dtype=np.int64)
        values[leaves] = counts
        super().__init__(frame, values)


class ExactRelease(_Withheld):
    """All frames of one quarter, each once; `provenance` is public and says who delivered them.

    `is_made_up` says that every record is simulated, so that a throw-away key may sign for it;
    `held` names the tests that held for these very rows; `totals` are public ones, which the door
    checks against what the policy declares.
    Raises PrivacyError MS609 (a frame twice) or MS614 (provenance in another form).
    """

    __slots__ = ("held", "is_made_up", "provenance", "totals")
    _values: dict[str, ExactFrame]

    def __init__(
        self,
        frames: Iterable[ExactFrame],
        provenance: Provenance,
        *,
        is_made_up: bool = False,
        held: Collection[str] = (),
        totals: Sequence[DeliveredTotals] = (),
    ) -> None:
        _check_provenance(provenance)
        self.provenance = provenance
        self.is_made_up = is_made_up
        self.held = frozenset(held)
        self.totals = tuple(totals)
        self._name = "a release"
        self._values = {}
        for exact in frames:
            if exact.frame.name in self._values:
                raise PrivacyError("MS609", problem=f"Frame {exact.frame.name} is given twice")
            self._values[exact.frame.name] = exact

    def require(
        self,
        frames: Sequence[Frame],
        agencies: Collection[str],
        optional: Collection[str] = (),
        not_awaited: Collection[str] = (),
    ) -> None:
        """Refuse anything but these frames of these agencies; raises PrivacyError MS609, MS614.

        `optional` agencies may be told or not. Only they and the ones `not_awaited` may be told to
        have delivered nothing.
        """
        for name, kind in self.provenance.deliveries:
            if kind == NO_DELIVERY and name not in optional and name not in not_awaited:
                raise PrivacyError("MS614", problem=f"Agency {name} has not delivered")
        delivered = {name for name, _ in self.provenance.deliveries} - set(optional)
        for name in sorted(delivered ^ set(agencies)):
            problem = "has not delivered" if name in agencies else "is no source of the plan"
            raise PrivacyError("MS614", problem=f"Agency {name} {problem}")
        wanted = {frame.name: frame for frame in frames}
        for name in sorted(wanted.keys() ^ self._values.keys()):
            problem = "is missing" if name in wanted else "is not in the plan"
            raise PrivacyError("MS609", problem=f"Frame {name} {problem}")
        for name, frame in wanted.items():
            if self._values[name].frame != frame:
                raise PrivacyError("MS609", problem=f"Frame {name} was made for another plan")

    def require_tests(self, tests: Mapping[str, str]) -> None:
        """Refuse rows for which the test of a frame, by its name, did not hold; raises MS615."""
        for frame, test in tests.items():
            if test not in self.held:
                raise PrivacyError("MS615", frame=frame, test=test)

    def take(self, name: str) -> ExactFrame:
        """Return one frame, still withheld."""
        return self._values[name]


def _complain(frame: Frame, problem: str) -> NoReturn:
    raise PrivacyError("MS607", frame=frame.name, problem=problem)


def _check_provenance(provenance: Provenance) -> None:
    """Refuse whatever could fail or surprise once the noise is drawn."""
    if not isinstance(provenance, Provenance) or type(provenance.is_simulated) is not bool:
        raise PrivacyError("MS614", problem="It must say whether any delivery was simulated")
    deliveries = provenance.deliveries
    if not isinstance(deliveries, tuple) or not all(map(_is_delivery, deliveries)):
        raise PrivacyError(
            "MS614", problem="It must pair each agency with full, delta, nil or none"
        )
    agencies = [agency for agency, _ in deliveries]
    if agencies != sorted(set(agencies)):
        raise PrivacyError("MS614", problem="It must name each agency once, in sorted order")
    if provenance.police_agencies is not None and not _is_part(provenance.police_agencies):
        raise PrivacyError("MS614", problem="It must say how many police agencies report of all")


def _is_delivery(pair: object) -> bool:
    return (
        isinstance(pair, tuple)
        and len(pair) == 2
        and isinstance(pair[0], str)
        and pair[0] != ""
        and pair[1] in DELIVERY_KINDS
    )


def _is_part(pair: object) -> bool:
    return (
        isinstance(pair, tuple)
        and len(pair) == 2
        and all(type(count) is int for count in pair)
        and 0 <= pair[0] <= pair[1]
        and pair[1] > 0
    )


def _are_all_named(unit_ids: Units) -> bool:
    if isinstance(unit_ids, np.ndarray):
        return unit_ids.dtype.kind in "iu" and bool((unit_ids != 0).all())
    return all(isinstance(unit_id, str) and unit_id for unit_id in unit_ids)


def _are_all_different(unit_ids: Units) -> bool:
    if isinstance(unit_ids, np.ndarray):
        ordered = np.sort(unit_ids)
        return bool((ordered[1:] != ordered[:-1]).all())
    return len(set(unit_ids)) == len(unit_ids)


def _find_leaves(frame: Frame, columns: Mapping[str, Column], rows: int) -> Places:
    wanted = (frame.leaf_column, *frame.columns)
    if set(columns) != set(wanted):
        _complain(frame, f"Its columns must be {', '.join(wanted)}")
    if any(len(keys) != rows for keys in columns.values()):
        _complain(frame, "Its columns differ in length")
    try:
        return frame.compute_leaves(columns)
    except KeyError as missing:
        column = missing.args[0]
    raise PrivacyError("MS605", frame=frame.name, column=column)
