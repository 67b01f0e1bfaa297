"""Tables of an example that no noise was drawn for: silent, withheld and declared public."""

from dataclasses import replace

from privacy.declared import DeclaredFacts
from privacy.released import (
    ACTIVITY,
    DECLARED_PUBLIC,
    NOT_COLLECTED,
    NOT_RELEASED,
    QUARTERLY,
    ReleasedRow,
    ReleasedTable,
)


def make_silent(period: str) -> ReleasedTable:
    row = ReleasedRow("Missouri", (), (), None, None, None, None, NOT_COLLECTED)
    return ReleasedTable(
        name="prosecutions",
        title="Prosecutions (cases filed)",
        unit="cases filed",
        definition="No body that delivers to this release collects prosecutions. This is not zero.",
        sources=(),
        kind=ACTIVITY,
        cadence=QUARTERLY,
        period=period,
        level="state",
        dimensions=(),
        dimension_titles=(),
        rows=(row,),
        bound=None,
        frame=None,
    )


def make_withheld(period: str) -> ReleasedTable:
    row = ReleasedRow(
        "Missouri", ("absent",), ("Absent from care",), None, None, None, None, NOT_RELEASED
    )
    return replace(
        make_silent(period),
        name="children_absent_from_care",
        title="Children absent from care (children)",
        unit="children",
        definition="Children absent from care. Not released: too few could be told from none.",
        sources=("care",),
        dimensions=("care_absence",),
        dimension_titles=("Absence from care",),
        rows=(row,),
    )


def make_declared(period: str) -> ReleasedTable:
    """Totals that an agency gave, without noise: 0 and 1."""
    rows = tuple(
        ReleasedRow("Missouri", (key,), (label,), count, None, None, None, DECLARED_PUBLIC)
        for count, (key, label) in enumerate(
            [("of_a_child", "Sexual trafficking of a child"), ("other", "Other, of any age")]
        )
    )
    return replace(
        make_silent(period),
        name="convictions",
        title="Trafficking cases that ended with a conviction (convictions)",
        unit="convictions",
        definition="Cases that ended in the quarter with a conviction, as the courts count them.",
        sources=("courts",),
        dimensions=("court_offence",),
        dimension_titles=("Gravest charge",),
        rows=rows,
        declared=DeclaredFacts("courts/1", "convictions", "Anybody may count them."),
    )
