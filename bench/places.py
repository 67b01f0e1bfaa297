"""`python -m bench.places`: which number of a place is nearest the truth, by the size of the place.

The default policy's tables by place, drawn and published as a release is: the count, the rounded
estimate and the modelled number against the truth, and how often the range of each holds it. In a
second run one county of each size has far more children than its population lets expect. What
stands first in a release follows from it (docs/decisions/0208). Does not belong here: the
simulated truth (bench.missouri), and methods beside each other (bench.accuracy).
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from opendp import mod
from rich.console import Console
from rich.table import Table

from bench.accuracy.default_policy import Cells, Setting, hide, simulate, sum_rows, tabulate
from jurisdiction.folder import list_counties
from portal.ranges import find_range
from privacy.publishing.recalled import read_release
from privacy.publishing.tables import Blank
from privacy.released import Provenance, Release, ReleasedRow

DRAWS = 200
SIZES = ((5_000, "under 5,000"), (20_000, "5,000 to 20,000"), (60_000, "20,000 to 60,000"))
LARGEST = "60,000 and more"
NO_POPULATION = "nobody lives there"
CLASSES = (*(name for _, name in SIZES), LARGEST, NO_POPULATION)
NUMBERS = ("count", "estimate", "modelled")
HOT, LEAST_MORE = 2, 12
"""A hot spot has so many times its children more, and at least so many more."""

_CHILDREN = "child_population_2019"


@dataclass
class Score:
    """Errors of one number of the cells of one class, and whether its range held the truth."""

    errors: list[float] = field(default_factory=list)
    held: list[bool] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)
    by_cell: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))


Scores = dict[tuple[str, str], dict[str, Score]]
"""By table and class of size, and then by number."""


def main() -> None:
    """Measure and print both runs."""
    parser = argparse.ArgumentParser(prog="python -m bench.places", description=__doc__)
    parser.add_argument("--draws", type=int, default=DRAWS)
    draws = parser.parse_args().draws
    mod.enable_features("contrib")
    setting, console = Setting(), Console(width=150)
    truths = simulate(setting)
    hot = [heat(setting, exact, seed) for seed, exact in enumerate(truths)]
    for title, those in (("As simulated", truths), ("With hot spots", hot)):
        console.print(report(title, measure(setting, those, draws), draws))


def name_size(children: int) -> str:
    """The class of a place by the children who live there."""
    if not children:
        return NO_POPULATION
    return next((name for below, name in SIZES if children < below), LARGEST)


def count_children(level: str) -> dict[str, int]:
    """Children who live in each unit of a level."""
    children: dict[str, int] = defaultdict(int)
    for line in list_counties():
        children[line[level]] += int(line[_CHILDREN])
    return children


def heat(setting: Setting, exact: Mapping[str, Cells], seed: int) -> dict[str, Cells]:
    """The same state with a hot spot in one county of each class of size."""
    children, chance = count_children("county"), np.random.default_rng(seed)
    hot = {name: cells.copy() for name, cells in exact.items()}
    for planned in setting.plan.frames:
        leaves, cells = planned.frame.levels[-1], hot[planned.frame.name]
        if leaves.name == "county":
            for size in CLASSES[:-1]:
                alike = [key for key in leaves.keys if name_size(children.get(key, 0)) == size]
                place = leaves.keys.index(chance.choice(alike))
                first = (place, *(0 for _ in planned.frame.sizes))
                cells[first] += max(LEAST_MORE, HOT * int(cells[place].sum()))
    return hot


def draw(setting: Setting, exact: Mapping[str, Cells]) -> Release:
    """One release of these exact counts."""
    drawn: dict[str, list[int]] = {}
    for planned in setting.plan.frames:
        hidden = hide(planned.frame, exact[planned.frame.name])
        drawn |= setting.mechanisms[planned.frame.name].draw(hidden)
    content = setting.publisher.publish(drawn, Provenance((), is_simulated=True))
    told = json.loads(json.dumps(content, default=str))
    return read_release({**told, "drawn_at": "", "ledger_head": ""})


def measure(setting: Setting, truths: Sequence[Mapping[str, Cells]], draws: int) -> Scores:
    """Draw going round the simulated states, and score each number of each table by place."""
    scores: Scores = defaultdict(lambda: {name: Score() for name in NUMBERS})
    blanks = {blank.table.name: blank for blank in setting.blanks if blank.table.level != "state"}
    for number in range(draws):
        which = number % len(truths)
        release = draw(setting, truths[which])
        for table in (one for one in release.tables if one.name in blanks):
            children = count_children(table.level)
            true = find_truth(setting, blanks[table.name], truths[which])
            for row, truth in zip(table.rows, true, strict=True):
                size = name_size(children.get(row.geography, 0))
                for name, told, (low, high) in list_told(row):
                    score = scores[table.name, size][name]
                    score.errors.append(told - truth)
                    score.held.append(bool(low <= truth <= high))
                    score.widths.append(high - low)
                    score.by_cell[f"{which} {row.geography} {row.keys}"].append(score.held[-1])
    return scores


def find_truth(setting: Setting, blank: Blank, exact: Mapping[str, Cells]) -> Sequence[float]:
    """The exact count of each row of a table."""
    frame = setting.plan.frame(str(blank.table.frame))
    return list(sum_rows(blank, tabulate(frame, blank, exact[frame.name])))


def list_told(row: ReleasedRow) -> Iterator[tuple[str, float, tuple[float, float]]]:
    """Each number of a row as it would be shown, with its range."""
    likely = find_range(row)
    if likely is None or row.estimate is None or row.count is None:
        return
    yield "count", row.count, likely
    yield "estimate", max(0, round(row.estimate)), likely
    if row.modelled is not None:
        yield "modelled", row.modelled, (row.modelled_low90 or 0, row.modelled_high90 or 0)


def report(title: str, scores: Scores, draws: int) -> Table:
    """One line for each table, class of size and number."""
    shown = Table(title=f"{title}, {draws} draws: a place's number beside the truth")
    for heading in ("table", "children living there", "number"):
        shown.add_column(heading, no_wrap=True)
    for heading in ("error", "bias", "range holds", "of the worst cell", "width"):
        shown.add_column(heading, justify="right")
    for name in dict.fromkeys(name for name, _ in scores):
        for size in (one for one in CLASSES if (name, one) in scores):
            for number, score in scores[name, size].items():
                if score.errors:
                    shown.add_row(name, size, number, *_list_figures(score))
        shown.add_section()
    return shown


def _list_figures(score: Score) -> list[str]:
    """Root mean square error, bias, share of ranges that held, the worst cell's, and width."""
    errors = np.array(score.errors)
    worst = min(float(np.mean(held)) for held in score.by_cell.values())
    return [
        f"{np.sqrt(np.mean(errors**2)):.2f}",
        f"{errors.mean():+.2f}",
        f"{np.mean(score.held):.3f}",
        f"{worst:.2f}",
        f"{np.mean(score.widths):.1f}",
    ]


if __name__ == "__main__":
    main()
