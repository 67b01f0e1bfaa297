"""CHANGES.md: what differs from the release before, from the facts of the release alone.

Here: tables that are new, gone or redefined, the policy, and the state's numbers beside those of
the quarter before. Not here: whether a difference is more than noise, which the page's comparison
tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from portal.ranges import find_range, find_shown
from portal.wording import say_range
from privacy.released import (
    ANNUAL,
    QUARTERLY,
    HistoryPoint,
    PreviousRelease,
    Release,
    ReleasedRow,
)

_STATE = "state"

Tables = Mapping[str, tuple[str, str]]
"""Name of a table to its cadence and the hash of its meaning."""


def describe_changes(release: Release) -> str:
    """The text of CHANGES.md."""
    lines = [f"# What changed with release {release.release_id}", ""]
    if release.provenance.is_simulated:
        lines += ["SIMULATED DATA, about no real child.", ""]
    if release.previous is None:
        lines += ["This is the first release. There is nothing to compare it with.", ""]
    else:
        lines += [*_compare(release, release.previous), *_list_numbers(release)]
    if release.synthetic:
        lines += [*_describe_synthetic(release), ""]
    return "\n".join(lines)


def _describe_synthetic(release: Release) -> Iterator[str]:
    names = ", ".join(f"synthetic_{frame.frame}.csv" for frame in release.synthetic)
    yield "## Synthetic records"
    yield ""
    yield (
        f"{names}: made-up records, no child is behind any. They join the tables by their labels. "
        "Where they miss a published table, synthetic_moved.csv says by how much."
    )


def _compare(release: Release, previous: PreviousRelease) -> Iterator[str]:
    yield f"Compared with release {previous.release_id} (SHA-256 of its record: {previous.sha256})."
    yield ""
    yield "## Policy"
    yield ""
    yield _describe_policy(release, previous)
    yield ""
    yield "## Tables"
    yield ""
    yield from _describe_tables(release, previous)
    yield ""


def _describe_policy(release: Release, previous: PreviousRelease) -> str:
    now = f"version {release.plan.policy_version}, reviewed on {release.plan.reviewed_on}"
    if previous.policy_hash is None:
        return f"The policy is {now}. That of the release before is not recorded here."
    if previous.policy_hash == release.plan.policy_hash:
        return f"The policy is the same: {now}."
    return f"The policy changed from version {previous.policy_version} to {now}."


def _describe_tables(release: Release, previous: PreviousRelease) -> Iterator[str]:
    now = {table.name: (table.cadence, table.meaning_hash) for table in release.tables}
    before = {name: (cadence, meaning) for name, cadence, meaning in previous.tables}
    titles = {table.name: table.title for table in release.tables}
    changes = [
        *(f"* New: {name}, {titles[name]}" for name in _list_missing(now, before)),
        *(f"* No longer published: {name}" for name in _list_missing(before, now)),
        *(f"* Redefined: {name}" for name in now if before.get(name, now[name]) != now[name]),
        *(f"* Once a year, with the fourth quarter: {name}" for name in _list_annual(now, before)),
    ]
    if not before:
        yield "Which tables the release before had is not recorded here."
    else:
        yield from changes or ["The same tables, with the same meaning."]


def _list_missing(these: Tables, those: Tables) -> list[str]:
    """Tables of these that those have not, but for annual ones and sums, which come and go."""
    return [name for name in these if name not in those and these[name][0] == QUARTERLY]


def _list_annual(now: Tables, before: Tables) -> list[str]:
    """Annual tables that only one of two releases has."""
    both = {**before, **now}
    return [name for name in both if both[name][0] == ANNUAL and (name in now) != (name in before)]


def _list_numbers(release: Release) -> Iterator[str]:
    previous = release.previous.release_id if release.previous else ""
    earlier = {
        (point.table, point.geography, point.keys): point
        for point in release.history
        if point.period == previous
    }
    lines = [
        f"| {table.title}{_name_row(row)} | {say_number(row)} | {say_number(point)} |"
        for table in release.tables
        if table.level == _STATE and table.cadence == QUARTERLY
        for row in table.rows
        if (point := earlier.get((table.name, row.geography, row.keys))) is not None
    ]
    if lines:
        yield "## Numbers of the state"
        yield ""
        yield "A difference may be noise: the page tells how likely that is for any two numbers."
        yield ""
        yield f"| table | {release.release_id} | {previous} |"
        yield "| --- | --- | --- |"
        yield from lines
        yield ""


def _name_row(row: ReleasedRow) -> str:
    return f": {', '.join(row.labels)}" if row.labels else ""


def say_number(row: ReleasedRow | HistoryPoint) -> str:
    """A number with its likely range in a few words, or the word that stands in its place."""
    shown, likely = find_shown(row), find_range(row)
    if shown is None or likely is None:
        return row.status
    return f"{shown:,} (likely {say_range(*likely)})"
