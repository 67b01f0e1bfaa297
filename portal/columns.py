"""What each column of the files of a release means, and what to beware of in it.

Here: text, as data, used by the spreadsheets and datapackage.json. Not here: words of tables and
files (``codebook``), and which columns a file has (``tables``, ``all_quarters``, ``rates``).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from jurisdiction.state import read_state
from portal.codebook import (
    HIGH_RATE,
    LINKAGE,
    MODEL,
    MODEL_CAVEAT,
    NOISE_ALONE,
    STRICT_BROAD,
    ColumnText,
)

_STATE = read_state()
PERIOD = (
    f"The period counted: a calendar quarter (2025Q1) in {_STATE.name}'s time zone, a year "
    "(CY2025), or the first and last of four quarters."
)
SMOOTHED_CAVEAT = (
    "Made of released numbers, and revised with each quarter that follows. Only where four "
    "quarters or more were released."
)
NOT_FISCAL = "Not a fiscal year, and not the quarter of a decision on the report."

COLUMNS: Mapping[str, ColumnText] = MappingProxyType(
    {
        "quarter": ColumnText(
            "Quarter",
            PERIOD,
            NOT_FISCAL,
        ),
        "period": ColumnText("Period", PERIOD, NOT_FISCAL),
        "vintage": ColumnText(
            "Vintage",
            "The release in whose file the row stands.",
            "What was published of a period stays as it was; what is made of several periods may "
            "be revised from vintage to vintage.",
        ),
        "cadence": ColumnText(
            "Cadence",
            "How long a period the table counts: a quarter, a year, or four quarters added up.",
            "Never add rows of different cadences: they hold the same records.",
        ),
        "geography": ColumnText(
            "Place",
            "The place counted: the state, or a unit of the level that the table is split by.",
            f"{_STATE.elsewhere} and Unknown are places of their own, so that places add up to the "
            "state.",
        ),
        "geo_id": ColumnText(
            "Census code",
            "The Census Bureau's GEO_ID of the state or the county. Its last two (state) or five "
            "(county) characters are the FIPS code.",
            "Empty for places that the Census Bureau has no code for: regions, circuits, troops, "
            "other states, unknown.",
        ),
        "unit": ColumnText(
            "Unit", "What the numbers count.", "Numbers of unlike units must never be added."
        ),
        "estimate": ColumnText(
            "Estimate",
            "The count as all noisy measurements together tell it, in tenths; right on average.",
            "May be negative. Empty where the status word says why there is no number.",
        ),
        "moe90": ColumnText(
            "Margin of error (90%)",
            "Nine times in ten the exact count lies between estimate minus this number, rounded "
            "down, and estimate plus this number, rounded up.",
            NOISE_ALONE,
        ),
        "low90": ColumnText(
            "Likely at least",
            "The lower end of the likely range: estimate minus margin, rounded down, never below "
            "zero, and zero where zero cannot be excluded.",
            NOISE_ALONE,
        ),
        "high90": ColumnText(
            "Likely at most",
            "The upper end of the likely range: estimate plus margin, rounded up.",
            NOISE_ALONE,
        ),
        "count": ColumnText(
            "Count",
            "The whole number from zero up that fits the noisy measurements and adds up over all "
            "tables about the same records.",
            "Not right on average: a very small count is more often too high than too low. For "
            "sums over quarters add the estimates; such sums have no count.",
        ),
        "status": ColumnText(
            "Status",
            "One word or phrase that says how to read the row.",
            "Never empty. Not distinguishable from zero is judged by a cut-off for all cells of "
            "the release together, so that few empty ones pass it; a row's own range may exclude "
            "zero all the same.",
        ),
        "modelled": ColumnText("Modelled", MODEL, MODEL_CAVEAT),
        "modelled_low90": ColumnText(
            "Modelled, likely at least", "Lower end of the model's 90% range.", MODEL_CAVEAT
        ),
        "modelled_high90": ColumnText(
            "Modelled, likely at most", "Upper end of the model's 90% range.", MODEL_CAVEAT
        ),
        "smoothed": ColumnText(
            "Smoothed",
            "What all released quarters of the row tell of this one, in tenths.",
            SMOOTHED_CAVEAT,
        ),
        "smoothed_low90": ColumnText(
            "Smoothed, likely at least", "Lower end of its 90% range.", SMOOTHED_CAVEAT
        ),
        "smoothed_high90": ColumnText(
            "Smoothed, likely at most", "Upper end of its 90% range.", SMOOTHED_CAVEAT
        ),
        "first": ColumnText(
            "First number",
            "The number nearest the truth, to be shown where there is room for one: the modelled "
            "number where there is one, else the count, else the rounded estimate.",
            "Not right on average, as the estimate is: for sums and differences use the estimate.",
        ),
        "first_low90": ColumnText(
            "First number, likely at least",
            "Lower end of the estimate's likely range, moved down where the number lies below it.",
            NOISE_ALONE,
        ),
        "first_high90": ColumnText(
            "First number, likely at most",
            "Upper end of the estimate's likely range, moved up where the number lies above it.",
            NOISE_ALONE,
        ),
        "first_column": ColumnText(
            "Comes from", "The column that the first number comes from.", "Empty without a number."
        ),
        "children": ColumnText(
            "Children living there",
            "Children under 18 who live in the place, by the Census Bureau's estimates.",
            "Of the year in children_in, not of the period.",
        ),
        "children_in": ColumnText(
            "Year of the children living there",
            "The vintage and year of the Census Bureau's county estimates by age and sex.",
            "Children may have moved since.",
        ),
        "rate": ColumnText(
            "Rate per 10,000",
            "The first number for each 10,000 children who live in the place.",
            HIGH_RATE,
        ),
        "rate_low90": ColumnText(
            "Rate, likely at least", "Lower end of its likely range.", NOISE_ALONE
        ),
        "rate_high90": ColumnText(
            "Rate, likely at most", "Upper end of its likely range.", NOISE_ALONE
        ),
        "mean_difference": ColumnText(
            "Mean difference",
            "Mean of the absolute differences over the cells of the table.",
            "From the published counts, not from the truth.",
        ),
        "largest_difference": ColumnText(
            "Largest difference",
            "The largest absolute difference of a cell of the table.",
            "From the published counts, not from the truth.",
        ),
        "frame": ColumnText(
            "Records", "The records that were counted.", "Each kind has its own unit."
        ),
        "table": ColumnText(
            "Measured table",
            "The records counted and the dimensions by which they are split.",
            "Not every measured table is published as one, and some published ones are sums.",
        ),
        "level": ColumnText(
            "Level", "The level of geography at which the table was measured.", "See strategy.json."
        ),
        "noisy_count": ColumnText(
            "Noisy count",
            "The exact count with privacy noise added, as it was drawn.",
            "May be negative. An empty dimension means that the cell sums over it.",
        ),
        "sigma": ColumnText(
            "Sigma",
            "Standard deviation of the noise of the cell, a discrete Gaussian.",
            "The noise of different cells is independent.",
        ),
    }
)
"""The columns every release has; a dimension has its own in ``DIMENSIONS`` where there is more to
say than its title and its labels."""

DIMENSIONS: Mapping[str, ColumnText] = MappingProxyType(
    {
        "age_band": ColumnText(
            "Age", "Age on the date of the event.", "Unknown is a group of its own."
        ),
        "sex_group": ColumnText("Sex", "As recorded.", "Unknown is a group of its own."),
        "definition": ColumnText("Definition", STRICT_BROAD, "Broad contains strict."),
        "relationship_group": ColumnText(
            "Relationship",
            "Who the trafficker was to the child.",
            "Unknown is a group of its own and is often the largest.",
        ),
        "agency_pattern": ColumnText("Known to", "Who has a record of the child.", LINKAGE),
        "lag_group": ColumnText(
            "Time until the report",
            _STATE.say("Days from the incident to the first report to Children's Division."),
            LINKAGE,
        ),
    }
)


def explain_column(name: str, title: str = "") -> ColumnText:
    """What a column means; a dimension without an entry is explained by its title alone."""
    text = COLUMNS.get(name) or DIMENSIONS.get(name)
    if text is None:
        fixed = "Its groups come from a public list that was fixed before anything was counted."
        return ColumnText(title or name, f"{title or name}, in groups.", fixed)
    return ColumnText(title, text.definition, text.caveats) if title else text
