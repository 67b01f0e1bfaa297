"""What changed: every number beside the quarter before, a year before, and around public events.

Here: which numbers are compared, how sure each change is, and which comparisons and sums there
cannot be, by name. Looking at many numbers finds some that differ by luck; so the looks are
counted, and those that are called real are chosen so that at most one in ten of them is expected to
be none (Benjamini and Hochberg, Journal of the Royal Statistical Society B 57, 1995). Not here: how
sure one difference is (``chance``), and how the table is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from jurisdiction.context import Event, read_context
from portal.chance import LIKELY, find_chance_probability, find_noise_probability, judge
from portal.series import (
    MOST_MOMENTS,
    Key,
    Moment,
    find_days,
    list_counted,
    list_series,
    name_before,
)
from privacy.released import ANNUAL, FOUR_QUARTERS, QUARTERLY, Release, ReleasedTable

FALSE_SHARE = 0.1
"""Share of those called real that may be none, on average."""
QUARTERS = 4

_Pair = tuple[str, Sequence[Moment], Sequence[Moment]]
"""Which comparison, what is newer, and what is older."""

BEFORE, YEAR_AGO, YEARS = "quarter before", "same quarter a year before", "year before"
AROUND = "before and after an event"


@dataclass(frozen=True)
class Change:
    """Two numbers of one row, or two sums of its quarters, and how sure it is that they differ.

    `noise` and `both` are how often noise alone, and noise and chance, make a larger difference.
    `is_held` says whether it is called real after all looks.
    """

    key: Key
    title: str
    unit: str
    comparison: str
    before: tuple[Moment, ...]
    now: tuple[Moment, ...]
    noise: float
    both: float
    is_held: bool = False

    @property
    def verdict(self) -> str:
        """What is to be thought of it, in words."""
        return judge(self.both, is_held=self.is_held)


@dataclass(frozen=True)
class Changes:
    """All changes, the surest first, and sentences on what could not be compared or added up."""

    changes: tuple[Change, ...]
    missing: tuple[str, ...]

    @property
    def held(self) -> int:
        """How many are called real after all looks."""
        return sum(one.is_held for one in self.changes)

    @property
    def cut_off(self) -> float:
        """The largest probability of noise and chance that is called real; 0 where none is."""
        return max((one.both for one in self.changes if one.is_held), default=0.0)


def list_changes(release: Release) -> Changes:
    """Compare every number of a release with those before it."""
    found = sorted(_compare_all(release), key=lambda one: (one.both, one.noise, one.key))
    held = find_held([one.both for one in found])
    return Changes(
        tuple(
            replace(one, is_held=is_held and one.both < LIKELY)
            for one, is_held in zip(found, held, strict=True)
        ),
        (*_list_uncompared(release), *list_missing_sums(release)),
    )


def compare_moments(
    table: ReleasedTable,
    key: Key,
    comparison: str,
    before: Sequence[Moment],
    now: Sequence[Moment],
) -> Change:
    """Compare two moments of a row, or two sums of them; their noise must be independent."""
    was, became = add_estimates(before), add_estimates(now)
    variance = sum(float(one.row.deviation or 0) ** 2 for one in (*before, *now))
    return Change(
        key=key,
        title=table.title,
        unit=table.unit,
        comparison=comparison,
        before=tuple(before),
        now=tuple(now),
        noise=find_noise_probability(became - was, variance),
        both=find_chance_probability(became - was, variance, became + was),
    )


def add_estimates(moments: Sequence[Moment]) -> float:
    """The sum of the estimates of some moments."""
    return sum(float(one.row.estimate or 0) for one in moments)


def name_moments(moments: Sequence[Moment]) -> str:
    """The period of one moment, or the first and last of several."""
    first, last = moments[0].period, moments[-1].period
    return first if first == last else f"{first} to {last}"


def list_latest(release: Release, changes: Changes) -> dict[Key, Change]:
    """The change of each quarterly or annual row since its latest earlier number.

    Where a quarter was passed over, that is no neighbour and not among `changes`; it is then judged
    alone, and never called real after all looks.
    """
    known = {(one.key, one.before, one.now): one for one in changes.changes}
    series = list_series(release)
    found = (
        compare_moments(table, key, "", series[key][-2:-1], series[key][-1:])
        for table in list_counted(release)
        for row in table.rows
        for key in [(table.name, row.geography, row.keys)]
        if len(series[key]) > 1 and series[key][-1].period == table.period
    )
    return {one.key: known.get((one.key, one.before, one.now), one) for one in found}


def find_held(probabilities: Sequence[float]) -> list[bool]:
    """Which of many differences are called real, so that few of those are false.

    Args:
        probabilities: of each, in any order.
    """
    count = len(probabilities)
    ordered = sorted(probabilities)
    passed = [p for place, p in enumerate(ordered, start=1) if p <= FALSE_SHARE * place / count]
    return [bool(passed) and one <= passed[-1] for one in probabilities]


def find_year(release: Release, table: ReleasedTable) -> ReleasedTable | None:
    """The table of the same things over a year: one that rests on its quarters, or their sum."""
    years = {
        frame.name
        for frame in release.frames
        if table.frame in {one.frame for one in frame.year_sums}
    }
    return next(
        (
            one
            for one in release.tables
            if (one.level, one.dimensions) == (table.level, table.dimensions)
            and (
                one.frame in years
                or (one.cadence == FOUR_QUARTERS and one.definition == table.definition)
            )
        ),
        None,
    )


def list_missing_sums(release: Release) -> tuple[str, ...]:
    """Sentences that name the sums over four quarters which a quarter without numbers prevents."""
    lacking: dict[tuple[str, ...], list[str]] = {}
    published = _list_periods(release)
    for table in list_counted(release):
        if table.cadence == QUARTERLY and find_year(release, table) is None:
            quarters = [name_before(table.period, steps) for steps in range(QUARTERS)][::-1]
            absent = tuple(one for one in quarters if one not in published[table.name])
            lacking.setdefault(absent, []).append(table.title)
    return tuple(
        f"No sum over four quarters, because {_join(absent)} "
        f"{'was' if len(absent) == 1 else 'were'} not released: {'; '.join(titles)}."
        for absent, titles in lacking.items()
        if absent
    )


def _list_periods(release: Release) -> dict[str, set[str]]:
    """The periods of which each table has numbers."""
    periods: dict[str, set[str]] = {one.name: {one.period} for one in list_counted(release)}
    for point in release.history:
        if point.table in periods and point.estimate is not None:
            periods[point.table].add(point.period)
    return periods


def _list_uncompared(release: Release) -> Iterator[str]:
    """Sentences on comparisons that no table has, and on tables that miss one others have."""
    published = _list_periods(release)
    for cadence, steps, thing in (
        (QUARTERLY, 1, "quarter before"),
        (QUARTERLY, QUARTERS, "quarter a year before"),
        (ANNUAL, 1, "year before"),
    ):
        tables = [one for one in list_counted(release) if one.cadence == cadence]
        lacking = [
            one for one in tables if name_before(one.period, steps) not in published[one.name]
        ]
        if not lacking:
            continue
        before = name_before(lacking[0].period, steps)
        if len(lacking) == len(tables):
            yield f"No {thing} this one to compare with: {before} was not released."
        else:
            titles = "; ".join(one.title for one in lacking)
            yield f"Not released for {before} with the meaning that it has now: {titles}."


def _compare_all(release: Release) -> Iterator[Change]:
    series = list_series(release)
    for table in list_counted(release):
        year = find_year(release, table)
        has_year = year is not None and year.cadence == ANNUAL
        for row in table.rows:
            key = (table.name, row.geography, row.keys)
            pairs = _list_pairs(table, series[key])
            if table.cadence == QUARTERLY and not has_year:
                pairs = (*pairs, *_add_quarters(table, series[key]))
            if table.cadence == QUARTERLY:
                pairs = (*pairs, *_list_splits(series[key], pairs))
            for comparison, now, before in pairs:
                yield compare_moments(table, key, comparison, before, now)


def _find(table: ReleasedTable, moments: Sequence[Moment], steps: int) -> Moment | None:
    """What was published of a row so many periods before."""
    period = name_before(table.period, steps)
    return next((one for one in moments if one.period == period), None)


def _list_pairs(table: ReleasedTable, moments: Sequence[Moment]) -> tuple[_Pair, ...]:
    wanted = {ANNUAL: ((YEARS, 1),), QUARTERLY: ((BEFORE, 1), (YEAR_AGO, QUARTERS))}
    now = _find(table, moments, 0)
    return tuple(
        (comparison, (now,), (before,))
        for comparison, steps in wanted[table.cadence]
        if now and (before := _find(table, moments, steps))
    )


def _add_quarters(table: ReleasedTable, moments: Sequence[Moment]) -> tuple[_Pair, ...]:
    """Four quarters against the four before them, where all eight were published."""
    found = [_find(table, moments, steps) for steps in range(2 * QUARTERS)]
    known = tuple(one for one in found if one)
    if len(known) < len(found):
        return ()
    return ((YEARS, known[:QUARTERS][::-1], known[QUARTERS:][::-1]),)


def _list_splits(moments: Sequence[Moment], pairs: Sequence[_Pair]) -> Iterator[_Pair]:
    """The quarters after each event beside as many before it, unless they are compared already."""
    known = [(tuple(now), tuple(before)) for _, now, before in pairs]
    for event in read_context().events:
        now, before = split_moments(moments, event)
        if now and (now, before) not in known:
            known.append((now, before))
            yield AROUND, now, before


def split_moments(
    moments: Sequence[Moment], event: Event
) -> tuple[tuple[Moment, ...], tuple[Moment, ...]]:
    """The nearest moments that lie wholly after an event, and as many that lie wholly before it."""
    latest = moments[-MOST_MOMENTS:]
    before = [one for one in latest if find_days(one.period)[1] < event.first_day]
    after = [one for one in latest if find_days(one.period)[0] >= event.last_day]
    size = min(len(before), len(after))
    return tuple(after[:size]), tuple(before[len(before) - size :])


def _join(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
