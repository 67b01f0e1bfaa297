"""Write what the linkage asset shows in the UI: numbers and three pictures of made-up people.

`python -m bench.linkage.charts` writes `linkage/made_up/`: `figures.json` (see `figures`) and a
picture of each of its parts, drawn by Vega-Lite without a browser or a network. The files are
reviewed like code; a test makes them again and compares every byte. Does not belong here: showing
them (`orchestration.defs.linkage`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

import linkage
from bench.linkage.figures import COMPARISONS, make_figures
from bench.linkage.people import POPULATIONS

FOLDER = Path(linkage.__file__).parent / "made_up"
WIDTH = 420
BLUE, ORANGE, GREY = "#2b6cb0", "#c05621", "#4a5568"
FONT = "DejaVu Sans"
"""Comes with the renderer, so that letters are as wide on every machine."""

_BITS = "weight: bits for (right of 0) or against being one person"
Figures = Mapping[str, Any]


def draw_found(figures: Figures) -> str:
    """Precision and recall of each rule on both populations, as SVG."""
    rows = [
        {"population": one["population"], "rule": one["rule"], "share": one[what], "of": what}
        for one in figures["found"]
        for what in ("precision", "recall")
    ]
    chart = (
        alt.Chart(alt.Data(values=rows), width=WIDTH, height=80)
        .mark_point(filled=True, size=90, opacity=1)
        .encode(
            x=alt.X("share:Q", title="share", scale=alt.Scale(domain=[0, 1])),
            y=alt.Y("rule:N", title=None, sort=None),
            color=_colour("of", {"precision": BLUE, "recall": ORANGE}),
            shape=alt.Shape("of:N", title=None, scale=alt.Scale(domain=["precision", "recall"])),
        )
        .facet(row=alt.Row("population:N", title=None, sort=[one.name for one in POPULATIONS]))
    )
    return _draw(chart)


def draw_weights(figures: Figures) -> str:
    """The weight of each level of each comparison, as SVG."""
    rows = [
        {"comparison": name, "level": level, "weight": weight, "side": weight > 0}
        for name in COMPARISONS
        for level, weight in figures["weights"][name].items()
    ]
    chart = (
        alt.Chart(alt.Data(values=rows), width=WIDTH, height=alt.Step(18))
        .mark_bar()
        .encode(
            x=alt.X("weight:Q", title=_BITS),
            y=alt.Y("level:N", title=None, sort=None),
            color=alt.condition("datum.side", alt.value(BLUE), alt.value(ORANGE)),
        )
        .facet(row=alt.Row("comparison:N", title=None, sort=list(COMPARISONS)))
        .resolve_scale(y="independent")
    )
    return _draw(chart)


def draw_waterfall(figures: Figures) -> str:
    """The weights of one invented pair, one after the other, and their sum, as SVG."""
    steps = figures["pair"]["weights"]
    sums = list(accumulate(step["weight"] for step in steps))
    rows = [
        {
            "step": f"{step['comparison']}: {step['level']}",
            "from": end - step["weight"],
            "to": end,
            "kind": "for" if step["weight"] > 0 else "against",
            "told": f"{step['weight']:+.2f}",
        }
        for step, end in zip(steps, sums, strict=True)
    ]
    total = {"step": "together", "from": 0, "to": sums[-1], "kind": "sum"}
    rows.append({**total, "told": f"{sums[-1]:+.2f}"})
    chart = alt.Chart(alt.Data(values=rows), width=WIDTH, height=alt.Step(26)).encode(
        y=alt.Y("step:N", title=None, sort=None)
    )
    bars = chart.mark_bar().encode(
        x=alt.X("from:Q", title=_BITS),
        x2="to:Q",
        color=_colour("kind", {"for": BLUE, "against": ORANGE, "sum": GREY}),
    )
    words = chart.mark_text(align="left", dx=6).encode(x="right:Q", text="told:N")
    return _draw(bars + words.transform_calculate(right="max(datum.from, datum.to)"))


def _colour(field: str, colours: Mapping[str, str]) -> alt.Color:
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    return alt.Color(f"{field}:N", title=None, scale=scale)


def _draw(chart: alt.TopLevelMixin) -> str:
    told: str = vl_convert.vegalite_to_svg(
        chart.configure(font=FONT).to_json(), allowed_base_urls=[]
    )
    return told + "\n"


def write_charts(folder: Path) -> None:
    """Write the four files into a folder that is there."""
    figures = make_figures()
    (folder / "figures.json").write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    for name, draw in DRAWN.items():
        (folder / f"{name}.svg").write_text(draw(figures), "utf-8")


DRAWN = {"found": draw_found, "weights": draw_weights, "waterfall": draw_waterfall}
"""Name of each picture -> what draws it."""

if __name__ == "__main__":
    write_charts(FOLDER)
