"""Histories that once moved a linked table further than was claimed, or gave a wrong number.

Each is a schedule and what is there at each moment; quarters have their numbers from
`bench.histories.replay.FIRST`. Does not belong here: what must come out (tests/properties).
"""

from __future__ import annotations

from datetime import date

from bench.histories.replay import Step, Timelines, start
from bench.histories.worlds import ALWAYS

Q1_24, Q4_24, Q1_25, Q2_25, Q3_25, Q4_25 = 0, 3, 4, 5, 6, 7
Q1_26, Q2_26, Q3_26, Q4_26 = 8, 9, 10, 11

IN_ORDER: tuple[Step, ...] = tuple((quarter, True) for quarter in range(12))
"""Every quarter built and released in its turn: moment and number are the same."""


def report(
    child: str, quarter: int, begins: int | None = None, ends: int = ALWAYS, name: str | None = None
) -> tuple[object, ...]:
    """A report of a child, dated and known in a quarter, there from its moment on."""
    begins = quarter if begins is None else begins
    key = f"0:{child}"
    return (
        0,
        _place(child),
        name or f"{key}r{quarter}",
        key,
        begins,
        ends,
        start(quarter),
        start(quarter),
    )


def token(child: str) -> tuple[object, ...]:
    """The one token of all, borne by a child."""
    return (0, _place(child), f"0:{child}", "0:T", 0, ALWAYS)


def record(
    name: str, quarter: int, begins: int | None = None, *, day: date | None = None
) -> tuple[object, ...]:
    """A juvenile victim record with the token, of an incident of its own."""
    begins = quarter if begins is None else begins
    known = start(quarter)
    return (
        0,
        _place(name),
        f"0:{name}",
        f"0:i{name}",
        "0:T",
        begins,
        ALWAYS,
        day or known,
        known,
        known,
    )


def _place(name: str) -> int:
    return int(name[1:])


WITHDRAWN = Timelines(
    reports=[
        report("c1", Q4_26),
        report("c2", Q1_25, ends=Q2_25),
        report("c0", Q3_26),
    ],
    child_tokens=[token("c0"), token("c1"), token("c2")],
    records=[record("v3", Q1_24), record("v1", Q3_25), record("v2", Q4_26)],
)
"""A child whose report is corrected away, before a record of its token comes."""

LATE = Timelines(
    reports=[report("c2", Q4_25), report("c5", Q4_25, begins=Q1_26), report("c0", Q1_26)],
    child_tokens=[token("c0"), token("c2"), token("c5")],
    records=[record("v3", Q4_24), record("v1", Q1_26)],
)
"""A report that becomes one of trafficking after its quarter, beside a child known since."""

OUT_OF_ORDER: tuple[Step, ...] = (
    *((quarter, True) for quarter in range(Q4_25)),
    *((Q4_25, False), (Q1_26, True), (Q4_25, True)),
    *((quarter, True) for quarter in range(Q2_26, Q4_26 + 1)),
)
EIGHT_RECORDS = Timelines(
    reports=[report("c0", Q1_26)],
    child_tokens=[token("c0")],
    records=[record(f"v{number}", Q4_25) for number in range(8)],
)
"""Eight records of a quarter that is built, passed over, and tried again."""

PASSED_OVER: tuple[Step, ...] = (
    *((quarter, True) for quarter in range(Q2_25)),
    *((Q2_25, False), (Q3_25, True), (Q4_25, True), (Q2_25, False), (Q1_26, True)),
    *((quarter, True) for quarter in range(Q2_26, Q4_26 + 1)),
)
A_CHILD_OF_TWO_YEARS = Timelines(
    reports=[
        report("c0", Q2_25, begins=Q2_25, ends=Q4_25 + 1, name="0:first"),
        report("c0", Q1_26, begins=Q1_26 + 1, name="0:second"),
    ],
)
"""A child of a quarter that was passed over, whose delivery loses it, and which comes again."""

RECORD_THAT_BECAME_JUVENILE = Timelines(
    reports=[report("c0", Q1_25)],
    child_tokens=[token("c0")],
    records=[record("v0", Q1_25, begins=Q2_25)],
)
"""A victim's age is corrected to a child's after the quarter of the record was released."""

A_REPORT_WITH_ANOTHER_CHILD_LATER = Timelines(
    reports=[
        report("c0", Q1_25, name="0:r1"),
        (0, 1, "0:r1", "0:c1", Q2_25, ALWAYS, start(Q1_25), start(Q2_25)),
    ],
)
"""A report names one child, and another one in a later quarter."""

WITHDRAWN_OWNER = Timelines(
    reports=[report("c0", Q1_25, ends=Q4_25), report("c1", Q2_25)],
    child_tokens=[token("c0"), token("c1")],
    records=[record(f"v{number}", Q3_25, day=date(2025, 7, 1)) for number in range(3)],
)
"""The child that owns the token of three records is withdrawn before the year is told."""
