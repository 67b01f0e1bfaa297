"""Pictures of how well linkage does, on made-up people: frozen files, whatever is delivered.

`python -m bench.linkage.charts` writes them to `linkage/made_up/`. Does not belong here: making
them, and anything that follows from a record.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import dagster as dg

import linkage

_FOLDER = Path(linkage.__file__).parent / "made_up"
_FOUND = (
    "Of records whose child both agencies know: how many links are right, and how many are found."
)
_WEIGHTS = (
    "How much a likeness speaks for one person (bits above 0) or against it. The likeness of two "
    "names is the first token that is equal. The matching does not use weights; they show what its "
    "likenesses are worth."
)
_PAIR = "Two records of one invented girl, by weights from top to bottom: {division}; {police}."


def show_made_up() -> dict[str, dg.MetadataValue[Any]]:
    """Give the metadata of the linkage asset: each picture with its numbers as a table."""
    figures = json.loads((_FOLDER / "figures.json").read_text("utf-8"))
    found = [
        (
            one["population"],
            one["rule"],
            f"{one['precision']:.3f}",
            f"{one['recall']:.3f}",
            f"{one['found']} of {one['known_to_both']}",
        )
        for one in figures["found"]
    ]
    weights = [
        (name, level, f"{weight:+.2f}")
        for name, levels in figures["weights"].items()
        for level, weight in levels.items()
    ]
    pair = figures["pair"]
    steps = [(one["comparison"], one["level"], f"{one['weight']:+.2f}") for one in pair["weights"]]
    total = sum(one["weight"] for one in pair["weights"])
    steps.append(("together", "", f"{total:+.2f}"))
    heading = ("comparison", "level", "weight")
    return {
        "found_on_made_up_files": _show(
            "found",
            _FOUND,
            ("files", "rule", "precision", "recall", "children known to both, found"),
            found,
        ),
        "weights_on_made_up_files": _show("weights", _WEIGHTS, heading, weights),
        "a_made_up_pair": _show(
            "waterfall",
            _PAIR.format_map(pair),
            heading,
            steps,
        ),
    }


def _show(
    name: str, text: str, heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]
) -> dg.MarkdownMetadataValue:
    """Give a picture, its text and its table; the text is what a reader of screens hears too."""
    picture = b64encode((_FOLDER / f"{name}.svg").read_bytes()).decode("ascii")
    lines = [heading, ("---",) * len(heading), *rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return dg.MetadataValue.md(
        f"![{text}](data:image/svg+xml;base64,{picture})\n\n{text}\n\n{table}\n"
    )
