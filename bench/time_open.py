"""What a table of children by how long their report was open would be worth.

`python bench/time_open.py` holds it against the default policy as `usefulness.py` does: as one more
column of the year's children, where a child is one row once ever, and as a table of its own with
at most two reports of a child a year. Times to the disposition are the simulator's, as far as they
are known when the year is drawn. It is in no policy; see docs/decisions/0019.
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from rich.console import Console
from usefulness import SEEDS_OF_CHANCE, YEARS, measure, report, simulate

from jurisdiction.folder import LISTS
from missouri import Leaf, make_population
from privacy.policy.keys import load_keys
from privacy.policy.policy import REVIEWED_POLICY, load_policy
from simulator.chance import Chance
from simulator.child_file import draw_days_to_close
from simulator.population import Population
from sources.quarters import Quarter

GROUPS = ((30, "to_30"), (45, "31_to_45"), (90, "46_to_90"))
KEYS = (*(key for _, key in GROUPS), "over_90", "open")
DIMENSION = '[dimensions.time_open]\ntitle = "Time open"\n\n[dimensions.definition]'
OWN_FRAME = """
[frames.reports_in_year]
kind = "rows"
counting = "activity"
cadence = "annual"
geography = "dss"
levels = ["state"]
columns = ["time_open"]
bound = 2
quarters = 2
reason = "A child keeps two reports a year."
"""
TABLE = """
[[tables]]
name = "by_time_open"
title = "By time open ({unit})"
unit = "{unit}"
sources = ["dss"]
frame = "{frame}"
level = "state"
dimensions = ["time_open"]
weight = {weight}
definition = "By the time until the disposition."
"""
CHILDREN, REPORTS = "children_reported_in_year", "reports_in_year"
COLUMNS = 'columns = ["age_band", "sex_group"]'


def group_time(day: date, days: int, year: int) -> str:
    """The key of a report that is disposed of after some days, as known when the year is drawn."""
    if day + timedelta(days=days) > date(year + 1, 1, 10):
        return "open"
    return next((key for limit, key in GROUPS if days <= limit), "over_90")


def count_reports(population: Population, year: int) -> Counter[Leaf]:
    """The year's reports by how long they were open."""
    counts: Counter[Leaf] = Counter()
    chance = Chance(population.scenario.seed, "time open", year)
    for number in range(1, 5):
        quarter = Quarter(year, number)
        for start in (quarter.previous(), quarter):
            for episode in population.episodes(start):
                for day in episode.report_days:
                    if quarter.first_day <= day < quarter.next().first_day:
                        key = group_time(day, draw_days_to_close(chance), year)
                        counts[Leaf("Missouri", (key,))] += 1
    return counts


def add_column(children: Mapping[Leaf, int], reports: Mapping[Leaf, int]) -> Counter[Leaf]:
    """Children with a time open, drawn with the shares of the same year's reports."""
    chance = Chance("column", sum(children.values()))
    keys = [leaf.keys[0] for leaf, count in sorted(reports.items()) for _ in range(count)]
    return Counter(
        Leaf(leaf.unit, (*leaf.keys, chance.one_of(keys)))
        for leaf, count in sorted(children.items())
        for _ in range(count)
    )


def list_policies(text: str) -> Sequence[tuple[str, str]]:
    """The policy as it is, and with the table in either form."""
    text = text.replace("[dimensions.definition]", DIMENSION)
    start = text.index(f"[frames.{CHILDREN}]")
    with_column = text[:start] + text[start:].replace(
        COLUMNS, COLUMNS.replace("]", ', "time_open"]'), 1
    )
    own = text.replace("[[tables]]", OWN_FRAME + "\n[[tables]]", 1)
    forms = (("children", CHILDREN, with_column), ("reports", REPORTS, own))
    return (
        ("as it is", text),
        *(
            (f"{unit}, weight {weight}", base + TABLE.format(unit=unit, frame=frame, weight=weight))
            for unit, frame, base in forms
            for weight in (1, 2)
        ),
    )


def main() -> None:
    truth = {name: list(periods) for name, periods in simulate().items()}
    truth[REPORTS] = [
        count_reports(make_population(seed), year) for seed in SEEDS_OF_CHANCE for year in YEARS
    ]
    plain = truth[CHILDREN]
    wider = [add_column(*both) for both in zip(plain, truth[REPORTS], strict=True)]
    with tempfile.TemporaryDirectory() as folder:
        lists = Path(folder) / "lists"
        shutil.copytree(LISTS, lists)
        lines = ["key,label,description", *(f"{key},{key},{key}" for key in KEYS)]
        (lists / "time_open.csv").write_text("\n".join(lines), encoding="utf-8")
        for title, text in list_policies(REVIEWED_POLICY.read_text(encoding="utf-8")):
            path = Path(folder) / "policy.toml"
            path.write_text(text, encoding="utf-8")
            policy = load_policy(path)
            truth[CHILDREN] = wider if title.startswith("children") else plain
            cells = measure(policy, load_keys(lists, policy), truth)
            Console().print(report(title, policy, cells, quarters=1))


if __name__ == "__main__":
    main()
