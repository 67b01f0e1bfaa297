"""Print the largest distance found beside each claim of the policy; see the package.

Example: python -m bench.histories --worlds 20000
"""

from __future__ import annotations

import argparse
import random
import sys
import time

from bench.histories import care
from bench.histories.distances import (
    FRAME_OF,
    LINKED_CELLS,
    Moved,
    compare,
    count_cells,
    find_tokens,
    list_neighbours,
    list_tables,
)
from bench.histories.replay import Replay, Timelines
from bench.histories.worlds import CHILDREN, RECORDS, make_schedule, make_worlds
from privacy.policy.policy import Policy, load_policy

PROVED = {
    ("children_by_agency_in_year", "record"): 3,
    ("children_by_agency_in_year", "child"): 3,
    ("report_lag_in_year", "record"): 3,
    ("report_lag_in_year", "child"): 8,
}
"""What `linkage` proves for k = 2 of a neighbour that is no whole identity."""

MATCHED = "children_by_agency_in_year"

Found = dict[tuple[str, str], Moved]
"""Table and kind of neighbour to the furthest that was seen."""


def search(rng: random.Random, worlds: int, at_once: int, policy: Policy) -> Found:
    """Play so many worlds, `at_once` with each schedule, with and without each neighbour."""
    found: Found = {}
    begun = time.monotonic()
    for done in range(0, worlds, at_once):
        schedule = make_schedule(rng)
        timelines = make_worlds(rng, schedule, at_once)
        for key, moved in compare_all(timelines, schedule, policy).items():
            found[key] = found.get(key, Moved()).or_further(moved)
        seconds = time.monotonic() - begun
        print(f"{done + at_once} of {worlds} worlds, {seconds:.0f} s", file=sys.stderr)  # noqa: T201
    return found


def compare_all(timelines: Timelines, schedule: list[tuple[int, bool]], policy: Policy) -> Found:
    """Take each neighbour out of every world, and say how far it moved each table at most."""
    tables = list_tables(policy)
    here = Replay(timelines, schedule, policy).play()
    counted = {table: count_cells(here, table) for table in tables}
    tokens = find_tokens(here.connection)
    found: Found = {}
    for kind, child, record in list_neighbours(CHILDREN, RECORDS):
        there = Replay(timelines, schedule, policy).drop(_take_out(child, record)).play()
        for table in tables:
            for world, moved in compare(table, counted[table], count_cells(there, table)).items():
                is_linked = table != MATCHED  # matching may take any child and any record for one
                if kind == "identity" and is_linked and not _is_one(tokens, world, child, record):
                    continue
                found[table, kind] = found.get((table, kind), Moved()).or_further(moved)
    return found


def _take_out(child: int | None, record: int | None) -> dict[str, str]:
    gone = {}
    if child is not None:
        gone |= dict.fromkeys(("reports", "child_tokens"), f"child = {child}")
    if record is not None:
        gone |= dict.fromkeys(("records", "arrests_made"), f"record = {record}")
    return gone


def _is_one(tokens: dict[str, str], world: int, child: int | None, record: int | None) -> bool:
    """Whether child and record bear one token; who was never noted bears none that tells."""
    ours = tokens.get(f"{world}:c{child}"), tokens.get(f"{world}:v{record}")
    return None in ours or ours[0] == ours[1]


def print_found(found: Found, policy: Policy) -> bool:
    """Print a line for each table and neighbour; say whether every claim held."""
    print(f"{'table':34} {'neighbours differ by':20} {'largest':>22} {'claim':>22}")  # noqa: T201
    held = True
    for table in list_tables(policy):
        frame = policy.frames[FRAME_OF.get(table, table)]
        for kind in ("record", "child", "identity"):
            moved = found.get((table, kind), Moved())
            if table in LINKED_CELLS:
                bound = frame.bound if kind == "identity" else PROVED[table, kind]
                seen, claim = f"squared {moved.squared}", f"squared {bound}"
                held &= moved.squared <= bound
            else:
                quarters = frame.quarters
                seen = f"{moved.rows} in {moved.quarters}"
                claim = f"{frame.bound} in {quarters or 'any'}"
                held &= moved.rows <= frame.bound
                held &= quarters is None or moved.quarters <= quarters
            print(f"{table:34} {kind:20} {seen:>22} {claim:>22}")  # noqa: T201
    return held


def print_care(moved: Moved, policy: Policy) -> bool:
    """Print the line of the table of children in care; say whether its claim held."""
    frame = policy.stated_frames[care.TABLE]
    seen, claim = f"{moved.rows} in {moved.quarters}", f"{frame.bound} in {frame.quarters}"
    print(f"{care.TABLE:34} {'child':20} {seen:>22} {claim:>22}")  # noqa: T201
    return moved.rows <= frame.bound and moved.quarters <= (frame.quarters or 0)


def main() -> int:
    """Search, print, and fail where a claim did not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=20_000)
    parser.add_argument("--at-once", type=int, default=500, help="worlds that share a schedule")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    policy = load_policy()
    rng = random.Random(options.seed)  # noqa: S311 - worlds, no secret
    at_once = min(options.at_once, options.worlds)
    held = print_found(search(rng, options.worlds, at_once, policy), policy)
    moved = Moved()
    for _ in range(0, options.worlds, at_once):
        moved = moved.or_further(care.search(rng, at_once, policy))
    return 0 if print_care(moved, policy) and held else 1


if __name__ == "__main__":
    sys.exit(main())
