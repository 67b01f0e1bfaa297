"""What the hotline hands over: counts of cases and of children, never a record.

Programmes under VOCA and VAWA may give totals only (28 CFR 94.115, 34 USC 12291(b)(2)). Does not
belong here: who is on the other agencies' lists too; the hotline does not know.
"""

from __future__ import annotations

import json
from pathlib import Path

from simulator.calibration import figure
from simulator.chance import Chance
from simulator.population import Population, as_of
from sources.quarters import Quarter

GROUPS = ("family", "known", "stranger", "unknown")

_FIELDS = (
    ("quarter", "string", "Calendar quarter, for instance 2025Q1"),
    ("measure", "string", "cases or children; unlike units, never added"),
    ("relationship_group", "string", "all for cases; who traffics the child, for children"),
    ("count", "integer", "How many"),
)


def write_hotline_delivery(population: Population, quarter: Quarter, folder: Path) -> None:
    """Write counts.csv and datapackage.json for one quarter.

    A case holds one child, sometimes two; a child is in one case and one cell. The tie to the
    trafficker stays unspecified as often as in the hotline's own published rows.
    """
    scenario = population.scenario
    chance = Chance(scenario.seed, "hotline", quarter)
    unknown = figure("recruiter_not_specified") / figure("recruiter_all")
    children = dict.fromkeys(GROUPS, 0)
    cases = 0
    joins_last_case = False
    for episode in population.episodes(quarter):
        if "hotline" not in episode.child.lists:
            continue
        children["unknown" if chance.happens(unknown) else episode.child.tie] += 1
        joins_last_case = cases > 0 and not joins_last_case and chance.happens(0.15)
        cases += not joins_last_case
    children_cases = scenario.children_per_year / 4 * figure("share_on_hotline") / 1.15
    cases += chance.poisson(max(0.0, scenario.cases_per_year / 4 - children_cases))
    rows = [("cases", "all", cases), *(("children", group, children[group]) for group in GROUPS)]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "counts.csv").open("w", encoding="utf-8", newline="\n") as counts:
        counts.write(",".join(name for name, _, _ in _FIELDS) + "\n")
        counts.writelines(f"{quarter},{measure},{group},{n}\n" for measure, group, n in rows)
    description = json.dumps(_describe(quarter), indent=2) + "\n"
    (folder / "datapackage.json").write_text(description, encoding="utf-8", newline="\n")


def _describe(quarter: Quarter) -> dict[str, object]:
    fields = [
        {"name": name, "type": kind, "description": text, "constraints": {"required": True}}
        for name, kind, text in _FIELDS
    ]
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "simulated-hotline-counts",
        "title": f"Simulated hotline counts for Missouri, {quarter}",
        "description": "Simulated: no case and no child counted here exists.",
        "simulated": True,
        "created": f"{as_of(quarter).isoformat()}T00:00:00Z",
        "resources": [
            {
                "name": "counts",
                "type": "table",
                "path": "counts.csv",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "schema": {"fields": fields, "primaryKey": ["measure", "relationship_group"]},
            }
        ],
    }
