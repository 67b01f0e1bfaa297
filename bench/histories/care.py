"""How far one child in care moves the year's table, whatever its files tell and retell.

Each time a year is built, what the files say of each child is made up anew: nothing is asked of a
retelling, so late, corrected, withdrawn and contradicting ones are all among them. Years are built
in their order, some of them twice, some never, and not every one is released. Does not belong here:
how files become these records (the dbt project's `int_care__` models).
"""

from __future__ import annotations

import random
from collections.abc import Collection
from datetime import date, timedelta
from typing import NamedTuple

import duckdb

from bench.histories.distances import Cells, Moved, compare
from bench.histories.replay import fill, render, start
from privacy.policy.policy import Policy

TABLE = "children_in_care_in_year"
YEARS = 8
CHILDREN = 3

_RECORDS = {
    "int_care__tellings": "record_number varchar, delivery_quarter_start date, "
    "was_trafficked_before_care boolean, was_reported_before_care boolean, "
    "was_trafficked_in_care boolean, was_reported_in_care boolean",
    "int_care__removals": "record_number varchar, removal_date date, exit_date date, "
    "is_former boolean, is_exit_by_absence boolean",
    "int_care__absences": "record_number varchar, removal_date date, start_date date, "
    "end_date date",
}

Step = tuple[int, bool]
"""Number of the year that is built, and whether its fourth quarter is released."""


class Told(NamedTuple):
    """What the files say when a year is built: rows of each table of records, child first."""

    tellings: list[tuple[object, ...]]
    removals: list[tuple[object, ...]]
    absences: list[tuple[object, ...]]

    def without(self, child: str) -> Told:
        """Give what they would say if they did not know a child, by the end of its key."""
        return Told(*([row for row in rows if not str(row[0]).endswith(child)] for rows in self))


def make_schedule(rng: random.Random) -> list[Step]:
    """Build years in order: one in eight is passed over, one in four built once more before."""
    steps: list[Step] = []
    for year in range(YEARS):
        if rng.random() < 0.25:
            steps.append((year, False))
        if rng.random() > 0.125:
            steps.append((year, rng.random() < 0.9))
    return steps


def make_told(rng: random.Random, worlds: int) -> Told:
    """Make up what is said of every child of so many worlds, over all years at once."""
    told = Told([], [], [])
    for world in range(worlds):
        for child in range(CHILDREN):
            if rng.random() < 0.9:
                _tell_child(told, rng, f"{world}:c{child}")
    return told


def _tell_child(told: Told, rng: random.Random, key: str) -> None:
    answers = (True, True, False, None)
    for half_year in range(2 * YEARS):
        if rng.random() < 0.8:
            said = (rng.choice(answers) for _ in range(4))
            told.tellings.append((key, start(2 * half_year), *said))
    for _ in range(rng.choice([1, 1, 2])):
        begins = _draw_day(rng, -400)
        ends = begins + timedelta(days=rng.randrange(2000)) if rng.random() < 0.5 else None
        flags = rng.random() < 0.1, rng.random() < 0.3
        told.removals.append((key, begins, ends, *flags))
        for _ in range(rng.choice([0, 0, 1, 2])):
            left = _draw_day(rng, 0)
            back = left + timedelta(days=rng.randrange(200)) if rng.random() < 0.8 else None
            told.absences.append((key, begins, left, back))


def _draw_day(rng: random.Random, earliest: int) -> date:
    return start(0) + timedelta(days=rng.randrange(earliest, 365 * YEARS))


def play(tellings: list[Told], schedule: list[Step], policy: Policy) -> Cells:
    """Build and release as the schedule says; count the released rows by world, quarter and row."""
    connection = duckdb.connect(config={"threads": 1})
    released: set[int] = set()
    connection.execute(
        "create schema intermediate; create table state as select 'The state' as key; "
        f"create table {TABLE} (quarter_start date, unit_id varchar, state varchar, "
        "care_absence varchar, care_report varchar)"
    )
    for told, (year, is_released) in zip(tellings, schedule, strict=True):
        quarter = 4 * year + 3
        _tell(connection, told)
        connection.execute(f"delete from {TABLE} where quarter_start = ?", [start(quarter)])  # noqa: S608
        sql = render("release_input", TABLE, policy, quarter, released)
        connection.execute(f"insert into {TABLE} by name {sql}")
        if is_released:
            released.add(quarter)
    return _count(connection, released)


def _tell(connection: duckdb.DuckDBPyConnection, told: Told) -> None:
    for (table, columns), rows in zip(_RECORDS.items(), told, strict=True):
        connection.execute(f"create or replace table intermediate.{table} ({columns})")
        fill(connection, f"intermediate.{table}", rows)


def _count(connection: duckdb.DuckDBPyConnection, released: Collection[int]) -> Cells:
    days = ", ".join(f"date '{start(one).isoformat()}'" for one in sorted(released)) or "null"
    rows = connection.execute(
        "select cast(split_part(unit_id, ':', 1) as integer), cast(quarter_start as varchar), "  # noqa: S608
        "concat_ws('/', unit_id, state, care_absence, care_report), count(*) "
        f"from {TABLE} where quarter_start in ({days}) group by all"
    ).fetchall()
    return {(world, quarter, row): count for world, quarter, row, count in rows}


def search(rng: random.Random, worlds: int, policy: Policy) -> Moved:
    """Take each child out of so many worlds, and say how far that moved the table at most."""
    schedule = make_schedule(rng)
    told = [make_told(rng, worlds) for _ in schedule]
    here = play(told, schedule, policy)
    found = Moved()
    for child in range(CHILDREN):
        there = play([one.without(f":c{child}") for one in told], schedule, policy)
        for moved in compare(TABLE, here, there).values():
            found = found.or_further(moved)
    return found
