"""From case records to the totals that the hotline's contract has, on the agency's own machine.

Belongs here: which child stands in which cell. Does not belong here: reading records
(`case_records`), writing totals (`totals_package`) and checking them (`totals`).

One child stands in one cell of each table, and in the quarter of its first record alone, whatever
number of records it has; where they disagree, a rule says which cell it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sources.case_records import EXPLOITATION, GENDER, STATUS, TIE, CaseRecord
from sources.contracts import Contract
from sources.quarters import Quarter

_GROWN_UP = 18
_BANDS = ((6, "under_6"), (12, "6_to_11"), (15, "12_to_14"), (_GROWN_UP, "15_to_17"))
_SEXES = {"feminine": "female", "masculine": "male"}
_TIES = {
    "familial": "family",
    "acquainted": "known",
    "unaquainted": "stranger",  # as the standard spells it
    "unacquainted": "stranger",
}
_CLOSEST = ("family", "known", "stranger")
_SEXUAL = ("sexualexploitation",)
_LABOUR = ("forcedlab", "childlab", "servitude", "forcedbegging")  # labour or labor
_NO_VICTIM = "notavictimoftrafficking"


@dataclass(frozen=True)
class Totals:
    """Counts of a quarter, and what became of the records.

    Attributes:
        cells: (measure, group) -> count, one for each cell of the contract in its order.
        records: how many were read.
        children: how many children are counted in this quarter.
        without_age: persons who were left out because nothing tells their age.
        unnamed: records that nothing tells apart, each taken for a person of its own.
    """

    cells: Mapping[tuple[str, str], int]
    records: int
    children: int
    without_age: int
    unnamed: int


def count_children(records: Sequence[CaseRecord], quarter: Quarter, contract: Contract) -> Totals:
    """Count the children whose first record is of a quarter, in the cells of a contract."""
    persons: dict[str, list[CaseRecord]] = {}
    for record in sorted(records, key=lambda one: (one.day, one.line)):
        if _NO_VICTIM not in record.values[STATUS]:
            persons.setdefault(record.person or f"\n{record.line}", []).append(record)
    own = [told for told in persons.values() if _lies_in(told[0].day, quarter)]
    ages = [list(_list_ages(told)) for told in own]
    children = [told for told, known in zip(own, ages, strict=True) if min(known, default=99) < 18]
    counts: Counter[tuple[str, str]] = Counter()
    counts["cases", "all"] = len({told[0].case for told in children})
    for told in children:
        counts.update((measure, find(told)) for measure, find in _TABLES.items())
    return Totals(
        {
            (measure, group): counts[measure, group]
            for measure, groups in contract.cells.items()
            for group in groups
        },
        len(records),
        len(children),
        sum(not known for known in ages),
        sum(not record.person for record in records),
    )


def name_band(age: int) -> str:
    """The age band of a child (`missouri/lists/age_band.csv`)."""
    return next(band for end, band in _BANDS if age < end)


def _lies_in(day: date, quarter: Quarter) -> bool:
    return quarter.first_day <= day < quarter.next().first_day


def _list_ages(told: Sequence[CaseRecord]) -> Iterator[int]:
    """The ages that the records of a person give for the day of the first of them."""
    first = told[0].day
    for record in told:
        if record.born and record.born <= first:
            before = (first.month, first.day) < (record.born.month, record.born.day)
            yield first.year - record.born.year - before
    if not any(record.born for record in told):
        yield from (record.age for record in told if record.age is not None)


def _find_band(told: Sequence[CaseRecord]) -> str:
    """The band of all ages that are given; unknown where they are of several."""
    bands = {name_band(age) if age < _GROWN_UP else "" for age in _list_ages(told)}
    return bands.pop() if len(bands) == 1 else "unknown"


def _find_sex(told: Sequence[CaseRecord]) -> str:
    """Female or male where every record that says one says the same; a gender is no sex."""
    sexes = {_SEXES.get(value, "unknown") for value in _join(told, GENDER)}
    return sexes.pop() if len(sexes) == 1 else "unknown"


def _find_tie(told: Sequence[CaseRecord]) -> str:
    """The closest of the ties that any record gives."""
    ties = {_TIES.get(value, "unknown") for value in _join(told, TIE)}
    return next((tie for tie in _CLOSEST if tie in ties), "unknown")


def _find_exploitation(told: Sequence[CaseRecord]) -> str:
    """Sexual, labour or both, whatever else any record gives; other where it is neither."""
    types = " ".join(_join(told, EXPLOITATION))  # surveys write several as words of one value
    is_sexual, is_labour = (any(one in types for one in kind) for kind in (_SEXUAL, _LABOUR))
    if is_sexual:
        return "sexual_and_labour" if is_labour else "sexual"
    return "labour" if is_labour else "other" if types else "unknown"


def _join(told: Sequence[CaseRecord], field: str) -> set[str]:
    return {value for record in told for value in record.values[field]}


_TABLES: Mapping[str, Callable[[Sequence[CaseRecord]], str]] = {
    "children": _find_tie,
    "children_by_age_band": _find_band,
    "children_by_sex": _find_sex,
    "children_by_exploitation": _find_exploitation,
}
