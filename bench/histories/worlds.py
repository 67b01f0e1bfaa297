"""Make small worlds at random: children, their reports and tokens, police records, arrests.

What is made is made to meet: one or two tokens, records that come late, are corrected, withdrawn
and come back, that become a child's later, and tokens that come late or change. Does not belong
here: playing a world (see `replay`).
"""

from __future__ import annotations

import random
from datetime import date, timedelta

from bench.histories.replay import Step, Timelines, start

QUARTERS = 12
CHILDREN = 3
RECORDS = 4
ALWAYS = 99
"""Later than every moment."""

Interval = tuple[int, int, int]
"""First moment, moment after the last one, and number of the quarter known then."""


def make_schedule(rng: random.Random) -> list[Step]:
    """Build quarters mostly in order: some are not signed, some tried out of turn, some again."""
    steps: list[Step] = []
    for quarter in range(rng.choice([0, 0, 2, 3]), QUARTERS):
        if rng.random() < 0.1:
            continue
        if rng.random() < 0.25:
            steps.append((rng.randrange(QUARTERS), rng.random() < 0.4))
        steps.append((quarter, rng.random() < 0.85 or quarter % 4 == 3))
    return steps


def make_worlds(rng: random.Random, schedule: list[Step], worlds: int) -> Timelines:
    """Make so many worlds for a schedule."""
    made = Timelines([], [], [], [])
    for world in range(worlds):
        _add_world(made, rng, world, schedule)
    return made


def _add_world(made: Timelines, rng: random.Random, world: int, schedule: list[Step]) -> None:
    tokens = ["a", "a", "a", "b"] if rng.random() < 0.3 else ["a"]
    calm = rng.random() < 0.4  # nothing is corrected or withdrawn
    for child in range(rng.randint(1, CHILDREN)):
        key = f"{world}:c{child}"
        for report in range(rng.choice([1, 1, 2])):
            known = rng.randrange(QUARTERS)
            shared = rng.random() < 0.15
            name = f"{world}:r{report}" if shared else f"{world}:r{child}.{report}"
            day = _day_in(rng, _go_back(rng, known))
            for begins, ends, quarter in _make_intervals(rng, schedule, known, calm=calm):
                made.reports.append((world, child, name, key, begins, ends, day, start(quarter)))
        for begins, ends, token in _make_tokens(rng, schedule, tokens, calm=calm):
            made.child_tokens.append((world, child, key, f"{world}:{token}", begins, ends))
    shared = rng.randrange(QUARTERS)
    for record in range(rng.randint(0, RECORDS)):
        has_own = rng.random() < 0.8
        quarter = rng.randrange(QUARTERS) if has_own else shared
        day = start(quarter) if not has_own else _day_in(rng, _go_back(rng, quarter))
        incident = (f"{world}:i{record if has_own else ''}", day, quarter)
        token = f"{world}:{rng.choice(tokens)}" if rng.random() < 0.95 else None
        _add_record(made, rng, (world, record, token), schedule, incident, calm=calm)


def _add_record(
    made: Timelines,
    rng: random.Random,
    who: tuple[int, int, str | None],
    schedule: list[Step],
    incident: tuple[str, date, int],
    *,
    calm: bool,
) -> None:
    """Add a record of an incident (key, day, number of the quarter known since)."""
    (world, record, token), (incident_key, day, incident_known) = who, incident
    key = f"{world}:v{record}"
    known = min(QUARTERS - 1, incident_known + rng.choice([0, 0, 0, 1, 3]))
    for begins, ends, quarter in _make_intervals(rng, schedule, known, calm=calm):
        made.records.append(
            (
                *(world, record, key, incident_key, token, begins, ends),
                *(day, start(incident_known), start(quarter)),
            )
        )
    if rng.random() < 0.3:
        begins = _find_moment(schedule, known)
        made.arrests_made.append((world, record, f"{key}a", begins, ALWAYS, day, start(known)))


def _make_intervals(
    rng: random.Random, schedule: list[Step], known: int, *, calm: bool
) -> list[Interval]:
    """When something is there, and which quarter it is known since."""
    begins = _find_moment(schedule, known)
    if calm:
        return [(begins, ALWAYS, known)]
    begins += rng.choice([0, 0, 0, 1, 2, 4])
    ends = begins + rng.choice([ALWAYS, ALWAYS, 1, 2, 4])
    if rng.random() < 0.6 or ends >= ALWAYS:
        return [(begins, ends, known)]
    again = ends + rng.choice([1, 2, 4])
    return [
        (begins, ends, known),
        (again, ALWAYS, rng.choice([known, min(QUARTERS - 1, known + 2)])),
    ]


def _make_tokens(
    rng: random.Random, schedule: list[Step], tokens: list[str], *, calm: bool
) -> list[tuple[int, int, str]]:
    first = rng.choice(tokens)
    if calm or rng.random() < 0.7:
        return [(0, ALWAYS, first)]
    turn = rng.randrange(len(schedule))
    if rng.random() < 0.5:
        return [(turn, ALWAYS, first)]
    return [(0, turn, first), (turn, ALWAYS, rng.choice(["a", "b"]))]


def _find_moment(schedule: list[Step], known: int) -> int:
    """The first moment at which the quarter, or a later one, is built."""
    later = [moment for moment, (quarter, _) in enumerate(schedule) if quarter >= known]
    return min(later, default=len(schedule))


def _go_back(rng: random.Random, quarter: int) -> int:
    return max(0, quarter - rng.choice([0, 0, 0, 1, 2]))


def _day_in(rng: random.Random, quarter: int) -> date:
    return start(quarter) + timedelta(days=rng.randrange(90))
