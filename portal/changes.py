"""CHANGES.md: what differs from the release before, from the facts of the release alone.

Here: tables that are new, gone or redefined, the policy, and every number beside those before it.
Not here: which numbers are compared and how sure a change is (``changed``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from portal.chance import say_share
from portal.changed import FALSE_SHARE, Change, list_changes, name_moments
from portal.page.changing import name_rows, say_moments
from privacy.released import ANNUAL, QUARTERLY, PreviousRelease, Release

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
    found = list_changes(release)
    names = name_rows(release)
    yield "## Numbers"
    yield ""
    if found.changes:
        yield (
            f"{found.held} of {len(found.changes)} changes are called real. Real is more than the "
            "noise of the release and more than chance; the shares say how often so large a "
            "difference comes though nothing changed. All looks are counted: of the changes called "
            f"real, {FALSE_SHARE:.0%} may be none."
        )
        yield ""
        yield "| table | row | now | before | noise alone | noise and chance | verdict |"
        yield "| --- | --- | --- | --- | --- | --- | --- |"
        yield from (_write_change(one, names[one.key]) for one in found.changes)
        yield ""
    yield from (f"* {sentence}" for sentence in found.missing)
    yield ""


def _write_change(change: Change, name: str) -> str:
    cells = (
        change.title,
        name,
        f"{name_moments(change.now)}: {say_moments(change.now)}",
        f"{name_moments(change.before)}: {say_moments(change.before)}",
        say_share(change.noise),
        say_share(change.both),
        change.verdict,
    )
    return f"| {' | '.join(cells)} |"
