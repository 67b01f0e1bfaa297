"""The words of a release: what to beware of in each table and in each file.

Here: text, as data, used by the page, the spreadsheets and datapackage.json; caveats stand by frame
or, for a frame without an entry, by the agencies that deliver it, so that a new table needs no
change here. Not here: numbers, how a page is laid out, and what comes with the release from the
reviewed policy: titles, units and definitions of tables, titles of dimensions, names of places.
What a column means stands in ``columns``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from jurisdiction.state import read_state
from privacy.released import ACTIVITY, ANNUAL, COHORT, FOUR_QUARTERS, ReleasedTable

STRICT_BROAD = (
    "Strict counts offences coded 64A (commercial sex acts) or 64B (involuntary servitude). Broad "
    "counts those and also 40A, 40B, 40C (prostitution and related offences) and 370 (pornography "
    "or obscene material) where a victim is a child."
)
LINKAGE = (
    "Records are matched by keyed tokens of name and birth date, which forgive some ways of "
    "writing them and not all, so the overlap is more likely too low than too high. In made-up "
    "files 3 of 100 children known to both were missed and 27 of 100 links of single records, and "
    "8 and 44 where clerks slipped twice as often; how many are missed in real ones, nobody knows. "
    "The page has ranges for missed and for false matches."
)
NESTED = "The broad rows contain the strict rows; do not add them."

_STATE = read_state()
BLOCKS: Mapping[str, str] = _STATE.blocks
"""Key and title of each block, in the order of the page: those the law names, and the overlap."""

AGENCIES: Mapping[str, str] = MappingProxyType({one.key: one.title for one in _STATE.agencies})

DELIVERIES: Mapping[str, str] = MappingProxyType(
    {
        "full": "Delivered its records of the quarter.",
        "delta": "Delivered corrections to what it had delivered before.",
        "nil": "Delivered a statement that it has no record of the quarter. This is not silence.",
        "none": "Has not delivered what it delivers by its calendar. No quarter waits for it.",
    }
)


@dataclass(frozen=True)
class TableText:
    """The block of the page a table stands in, and what its numbers do not say."""

    block: str
    caveats: tuple[str, ...]


@dataclass(frozen=True)
class ColumnText:
    """What one column or one file means, and what to beware of."""

    title: str
    definition: str
    caveats: str


_IN_YEAR = "_in_year"

FRAMES: Mapping[str, TableText] = MappingProxyType(
    {
        "reports_to_childrens_division": TableText(
            BLOCKS["reports"], ("A report is a suspicion, whatever was found later.",)
        ),
        "incidents_known_to_police": TableText(BLOCKS["police"], (NESTED,)),
        "juvenile_victim_records": TableText(
            BLOCKS["police"], (*_STATE.agency("mshp").caveats, NESTED)
        ),
        "arrests": TableText(
            BLOCKS["arrests"],
            ("Arrest records name no victim, so victims of every age are meant.",),
        ),
        "children_by_agency": TableText(
            BLOCKS["between"],
            ("A child may be behind several of the police rows' records.", LINKAGE),
        ),
        "report_lag": TableText(
            BLOCKS["between"],
            (
                _STATE.law.of_police,
                LINKAGE,
                "None found may mean that no report was made, or that the match was missed.",
            ),
        ),
    }
)
"""By the frame's name; the frame of a whole year shares the words of the quarter's."""

SOURCES: Mapping[tuple[str, ...], TableText] = MappingProxyType(
    {
        **{(one.key,): TableText(BLOCKS[one.block], one.caveats) for one in _STATE.agencies},
        _STATE.linked: TableText(BLOCKS["between"], (LINKAGE,)),
        (): TableText(BLOCKS["prosecutions"], ("Not collected is not zero.",)),
    }
)
"""By the agencies that deliver a table, sorted, for frames without words of their own."""

_KINDS: Mapping[str, str] = MappingProxyType(
    {
        COHORT: "Each child is counted once ever, in the period when it first became known. It is "
        "not in the numbers of later periods, so periods may be added.",
        ACTIVITY: "The same child may stand behind numbers of other periods too.",
    }
)

_CADENCES: Mapping[str, str] = MappingProxyType(
    {
        ANNUAL: "It counts the whole calendar year with a measurement of its own, so it does not "
        "exactly equal the sum of the quarters.",
        FOUR_QUARTERS: "It adds the estimates of four releases, has no whole count, and moves "
        "slowly: three of its four quarters are shared with the sum of a quarter ago.",
    }
)


def explain_delivery(agency: str, kind: str) -> str:
    """What an agency delivered, and how much of it its contract allows to be left out."""
    said, (most, floor) = DELIVERIES[kind], _STATE.agency(agency).most_set_aside
    if kind in ("nil", "none"):
        return said
    if not most:
        return f"{said} Its contract allows no line to be set aside."
    return (
        f"{said} Its contract allows up to {most} % of a file's lines, or {floor} records or "
        "incidents where that is more, to be set aside because they break its rules; a file with "
        "more is refused. How many were is not published."
    )


def explain_table(table: ReleasedTable, tables: Iterable[ReleasedTable]) -> TableText:
    """The block and the caveats of a table of a release.

    A sum over quarters has the words of the table whose quarters it adds.

    Raises:
        KeyError: no words exist for its frame or for the agencies that deliver it.
    """
    frame = table.frame or next(
        (one.frame for one in tables if one.frame and one.definition == table.definition), None
    )
    name = (frame or "").removesuffix(_IN_YEAR)
    text = FRAMES.get(name) or SOURCES[tuple(sorted(table.sources))]
    extra = (_KINDS.get(table.kind) if frame else None, _CADENCES.get(table.cadence))
    return TableText(text.block, (*text.caveats, *(words for words in extra if words)))


def list_caveats(table: ReleasedTable, tables: Iterable[ReleasedTable]) -> tuple[str, ...]:
    """What to beware of in a table, with what there is to say of its level of geography."""
    about_level = LEVELS.get(table.level)
    return (*explain_table(table, tables).caveats, *([about_level] if about_level else []))


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

MODEL = (
    "What a model expects, from the released numbers and the public number of children living in "
    "each place, so that small places lend each other strength."
)
MODEL_CAVEAT = (
    "Modelled numbers are not measurements. They draw small places towards what is usual for their "
    "population, and may hide a place that is unlike the others."
)

LIMITS: tuple[str, ...] = (
    "It counts what agencies recorded. Children whom nobody reported are in no number here.",
    UNITS,
    "Police victim records are not children: one child may be in several of them.",
    OTHER_OFFENCES,
    LINKAGE,
    *_STATE.agency("hotline").caveats,
    NOISE_ALONE,
    MODEL_CAVEAT,
    "Counts add up over the tables about one kind of record. Estimates do so up to rounding.",
)

MEASUREMENTS = ColumnText(
    "Noisy measurements",
    "Every count to which noise was added, as it was drawn, with the standard deviation of its "
    "noise. All other numbers of the release are made from these.",
    "A single cell is less exact than the estimate of the same cell, which uses all measurements. "
    "Do not add them to estimates: they are the same information.",
)

SYNTHETIC = ColumnText(
    "Synthetic records",
    "Made-up records that fit the noisy measurements. No row is a child or a record of one.",
    "Use them to write and try programs. For numbers use the tables: synthetic_moved.csv says how "
    "far the made-up records are from each of them.",
)

HIGH_RATE = (
    "A high rate can mean good detection: where people look and report, more is counted. It does "
    "not say that more happens there."
)

FILES: Mapping[str, ColumnText] = MappingProxyType(
    {
        "measurements": MEASUREMENTS,
        "all_quarters": ColumnText(
            "All quarters",
            "Every number that the release carries, of its own period and of the earlier ones it "
            "repeats, one row for each cell and vintage.",
            "Rows of unlike units stand below each other: choose a table before adding anything.",
        ),
        "rates": ColumnText(
            "Children per 10,000",
            "Children first reported in a year for each 10,000 under 18 who live in the place.",
            f"{HIGH_RATE} The range speaks of the added noise alone; how many live there is a "
            "public estimate of an earlier year, and which county lies in which region is "
            "provisional.",
        ),
        "synthetic_moved": ColumnText(
            "How far synthetic records are from the tables",
            "The mean and the largest difference between each published table and the same table "
            "made from the synthetic records.",
            "It compares with the counts, which have errors of their own.",
        ),
    }
)
"""Files of rows that are no tables of the policy, by their names; records are ``SYNTHETIC``."""

LEVELS: Mapping[str, str] = MappingProxyType(
    {
        name: _STATE.say(text)
        for name, text in {
            "region": "Regions of Children's Division. Which county lies in which one is "
            "provisional.",
            "circuit": "Judicial circuits, each of one or more whole counties.",
            "county": "Counties and the City of St. Louis, which is not part of St. Louis County.",
            "troop": "Troop areas of the Highway Patrol in which the reporting police agency lies; "
            "it need not be where the child lives.",
        }.items()
    }
)
"""What to beware of in each level of geography."""
