"""The words of a release: what each table and each column means, and what it does not.

Here: text, as data, used by the page and by datapackage.json. Not here: numbers, how a page is
laid out, and the definition of a table, which comes with the release from the reviewed policy. A
table or a column without an entry here cannot be released.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

STRICT_BROAD = (
    "Strict counts offences coded 64A (commercial sex acts) or 64B (involuntary servitude). Broad "
    "counts those and also 40A, 40B, 40C (prostitution and related offences) and 370 (pornography "
    "or obscene material) where a victim is a child."
)
CHILD = "A child is a person under 18 on the date of the event."
VICTIM_RECORDS = (
    "Police files do not say whether victims in two incidents are the same child, so this is a "
    "count of victim records and not of children."
)
LINKAGE = (
    "Records are matched by exactly equal keyed tokens. A name or a birth date that is written "
    "differently in two files is not matched, so the overlap is more likely too low than too high."
)
NESTED = "The broad rows contain the strict rows; do not add them."
HOTLINE = (
    "The hotline delivers totals only, because the law forbids it to disclose anything about one "
    "person. Its cases are never linked and may concern children the other agencies know too."
)

CHILDRENS_DIVISION = "Reports to Children's Division"
HOTLINE_BLOCK = "Hotline"
POLICE = "Known to police"
ARRESTS = "Arrests"
BETWEEN = "Between Children's Division and police"
PROSECUTIONS = "Prosecutions"

BLOCKS: tuple[str, ...] = (
    CHILDRENS_DIVISION,
    HOTLINE_BLOCK,
    POLICE,
    ARRESTS,
    BETWEEN,
    PROSECUTIONS,
)
"""The blocks of a release, in the order of the page: those RSMo 210.1505 names, and the overlap."""

AGENCIES: Mapping[str, str] = MappingProxyType(
    {
        "dss": "Department of Social Services, Children's Division (NCANDS Child File)",
        "mshp": "State Highway Patrol (NIBRS, from Missouri's police)",
        "hotline": "Hotline (totals only)",
    }
)

DELIVERIES: Mapping[str, str] = MappingProxyType(
    {
        "full": "Delivered all its records of the quarter.",
        "delta": "Delivered corrections to what it had delivered before.",
        "nil": "Delivered a statement that it has no record of the quarter. This is not silence.",
    }
)


@dataclass(frozen=True)
class TableText:
    """The block of the page a table stands in, and what its numbers do not say."""

    block: str
    caveats: tuple[str, ...]


@dataclass(frozen=True)
class ColumnText:
    """What one column means, and what to beware of."""

    title: str
    definition: str
    caveats: str


_CHILDREN = TableText(CHILDRENS_DIVISION, (CHILD,))
_HOTLINE = TableText(HOTLINE_BLOCK, (HOTLINE,))
_INCIDENTS = TableText(POLICE, (NESTED,))
_VICTIM_RECORDS = TableText(POLICE, (VICTIM_RECORDS, NESTED))

TABLES: Mapping[str, TableText] = MappingProxyType(
    {
        "reports": TableText(
            CHILDRENS_DIVISION, ("A report is a suspicion, whatever was found later.",)
        ),
        "children_reported": _CHILDREN,
        "children_by_age_band": _CHILDREN,
        "children_by_sex": _CHILDREN,
        "children_by_region": _CHILDREN,
        "hotline_cases": _HOTLINE,
        "hotline_children": _HOTLINE,
        "hotline_children_by_relationship": _HOTLINE,
        "incidents_known_to_police": _INCIDENTS,
        "incidents_by_troop": _INCIDENTS,
        "juvenile_victim_records": _VICTIM_RECORDS,
        "juvenile_victim_records_by_troop": _VICTIM_RECORDS,
        "juvenile_victim_records_by_relationship": _VICTIM_RECORDS,
        "arrests": TableText(
            ARRESTS, ("Arrest records name no victim, so victims of every age are meant.",)
        ),
        "children_by_agency": TableText(
            BETWEEN, ("A child may be behind several of the police rows' records.", LINKAGE)
        ),
        "report_lag": TableText(
            BETWEEN,
            (
                "RSMo 210.1500 asks police to report such a child at once.",
                LINKAGE,
                "None found may mean that no report was made, or that the match was missed.",
            ),
        ),
        "prosecutions": TableText(PROSECUTIONS, ("Not collected is not zero.",)),
    }
)

UNITS = (
    "Unlike units are never added: a report, a case, an incident, a victim record and an arrest "
    "are different things, and one child can be behind several of them."
)
OTHER_OFFENCES = (
    f"{STRICT_BROAD} Police often record trafficking under another offence, so the truth may lie "
    "outside both."
)
NOISE_ALONE = (
    "The likely range speaks of the added noise alone. It does not cover late deliveries, wrong "
    "codes or missed matches."
)

LIMITS: tuple[str, ...] = (
    "It counts what agencies recorded. Children whom nobody reported are in no number here.",
    UNITS,
    "Police victim records are not children: one child may be in several of them.",
    OTHER_OFFENCES,
    LINKAGE,
    HOTLINE,
    NOISE_ALONE,
    "Counts add up over the tables about one kind of record. Estimates do so up to rounding.",
)

MEASUREMENTS = ColumnText(
    "Noisy measurements",
    "Every count to which noise was added, as it was drawn, with the standard deviation of its "
    "noise. All other numbers of the release are made from these.",
    "A single cell is less exact than the estimate of the same cell, which uses all measurements. "
    "Do not add them to estimates: they are the same information.",
)

COLUMNS: Mapping[str, ColumnText] = MappingProxyType(
    {
        "quarter": ColumnText(
            "Quarter",
            "Calendar quarter in Missouri's time zone.",
            "Not a fiscal year, and not the quarter of a decision on the report.",
        ),
        "unit": ColumnText(
            "Unit", "What the numbers count.", "Numbers of unlike units must never be added."
        ),
        "count": ColumnText(
            "Count",
            "The whole number from zero up that fits the noisy measurements and adds up over all "
            "tables about the same records.",
            "Not right on average: a very small count is more often too high than too low. For "
            "sums over quarters add the estimates.",
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
            "It speaks of the privacy noise alone, and not of records that were never made.",
        ),
        "status": ColumnText(
            "Status",
            "One word or phrase that says how to read the row.",
            "Never empty.",
        ),
        "table": ColumnText(
            "Measured table",
            "The records counted and the dimensions by which they are split.",
            "Not every measured table is published as one, and some published ones are sums.",
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
        "state": ColumnText("State", "The state.", "Missouri only."),
        "age_band": ColumnText(
            "Age", "Age on the date of the event.", "Unknown is a group of its own."
        ),
        "sex_group": ColumnText("Sex", "As recorded.", "Unknown is a group of its own."),
        "region": ColumnText(
            "Region",
            "Region of Children's Division.",
            "Outside Missouri and Unknown are groups of their own.",
        ),
        "troop": ColumnText(
            "Troop",
            "Troop area of the Highway Patrol in which the reporting police agency lies.",
            "It is where the agency is, which need not be where the child lives.",
        ),
        "definition": ColumnText("Definition", STRICT_BROAD, "Broad contains strict."),
        "relationship_group": ColumnText(
            "Relationship",
            "Who the trafficker was to the child.",
            "Unknown is a group of its own and is often the largest.",
        ),
        "offence_group": ColumnText(
            "Offence", "The offence of the arrest.", "Other charges are not counted."
        ),
        "agency_pattern": ColumnText("Known to", "Who has a record of the child.", LINKAGE),
        "lag_group": ColumnText(
            "Time until the report",
            "Days from the incident to the first report to Children's Division.",
            LINKAGE,
        ),
    }
)
