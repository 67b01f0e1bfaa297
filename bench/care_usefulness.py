"""What the tables of children in care would be worth, and what the others would lose to them.

`python bench/care_usefulness.py` switches the tables on in the reviewed policy, shares its budgets
anew, and prints, for some weights, the margin and cut-off of each of their rows beside the counts
that public figures let expect (decision 144), and by how much the margins of all other annual
tables grow. Nothing is drawn.
"""

from __future__ import annotations

import math
from dataclasses import replace

from rich.console import Console
from rich.table import Table
from switched_on import load_switched_on
from usefulness import plan_year

from jurisdiction.folder import LISTS
from privacy.engine.margins import compute_cut_off, compute_margin
from privacy.policy.keys import PublicKeys, load_keys
from privacy.policy.policy import Policy, load_policy
from privacy.policy.rows import list_rows, make_row
from privacy.publishing.tables import EXPECTED_FALSE_ALARMS
from privacy.released import ANNUAL

FRAME = "children_in_care_in_year"
ABSENT = 978
"""Children missing from foster care in Missouri in 2019, as the federal inspector counted them."""

SHARES = {"low (0.04 %)": 0.0004, "found (1 of 59)": 1 / 59, "high (9.1 %)": 0.091}
"""How many of them are trafficked: 1 of 59 whose files were read, and its 95 % interval."""

IN_CARE = 2
"""Trafficked children in care for each one who was also absent; no public figure says it."""

REPORTED = {"reported": 32 / 59, "not_reported": 27 / 59, "not_known": 0.0}
"""Of 59 absences, 27 left no sign of a report to police; taken for trafficking too."""

WEIGHTS = (1, 2, 4)

Deviations = dict[str, list[tuple[tuple[str, ...], float]]]


def measure(policy: Policy, keys: PublicKeys) -> Deviations:
    """Deviation of each row of the annual tables, by table; rows by their keys."""
    planned = {one.frame.name: one for one in plan_year(policy, keys).frames}
    found: Deviations = {}
    for table in policy.measured_tables:
        one = planned[str(table.frame)]
        if one.policy.cadence == ANNUAL:
            level = one.frame.find_level(table.level)
            for shape in list_rows(policy, keys, table, one.frame.levels[level]):
                row = make_row(one.frame, level, table.dimensions, shape)
                deviation = math.sqrt(one.precisions.variance(row))
                found.setdefault(table.name, []).append((shape.keys, deviation))
    return found


def expect(key: str, share: float) -> float:
    """What public figures let expect of a row."""
    trafficked = ABSENT * share
    return {
        "absent": ABSENT,
        "absent_trafficked": trafficked,
        "trafficked": IN_CARE * trafficked,
        **{name: IN_CARE * trafficked * part for name, part in REPORTED.items()},
    }[key]


def show_rows(title: str, policy: Policy, found: Deviations) -> Table:
    """A printed table of the rows of children in care."""
    shown = Table(title=title)
    for heading in ("table", "row", "moe90", "above from", "within from", *SHARES):
        shown.add_column(heading)
    false_alarms = EXPECTED_FALSE_ALARMS[ANNUAL] / sum(map(len, found.values()))
    for table in policy.measured_tables:
        for (key,), deviation in found.get(table.name, []) if table.frame == FRAME else []:
            margin, cut_off = compute_margin(deviation), compute_cut_off(deviation, false_alarms)
            counts = [
                f"{count:.0f} {'above' if count > cut_off else ''}"
                f"{' within' if margin < count / 2 else ''}"
                for count in (expect(key, share) for share in SHARES.values())
            ]
            least = f"{math.floor(cut_off) + 1}", f"{math.floor(2 * margin) + 1}"
            shown.add_row(table.name, key, f"{margin:.1f}", *least, *counts)
    return shown


def show_losses(before: Deviations, after: Deviations) -> Table:
    """A printed table of what the other annual tables lose."""
    shown = Table(title="margins of the other annual tables")
    for heading in ("table", "switched off", "switched on", "wider by"):
        shown.add_column(heading)
    for name, rows in before.items():
        old, new = (
            sum(compute_margin(deviation) for _, deviation in side) / len(side)
            for side in (rows, after[name])
        )
        shown.add_row(name, f"{old:.1f}", f"{new:.1f}", f"{new / old - 1:.1%}")
    return shown


def main() -> None:
    policy, reviewed = load_switched_on(), load_policy()
    keys = load_keys(LISTS, policy)
    before = measure(reviewed, keys)
    for weight in WEIGHTS:
        tables = tuple(
            replace(one, weight=weight) if one.frame == FRAME else one for one in policy.tables
        )
        weighed = replace(policy, tables=tables)
        after = measure(weighed, keys)
        Console().print(show_rows(f"children in care, weight {weight}", weighed, after))
        Console().print(show_losses(before, after))


if __name__ == "__main__":
    main()
