"""One identity more or less moves release input as far as the policy says, whatever came when.

The models' own SQL is run over made-up histories: records that come late, change or go, quarters
that are built in any order and again, and released or not. Linked tables have a proof and tests of
their own (tests/properties/test_linkage_bounds.py).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path

import duckdb
import jinja2
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.bounds import read_bounds
from privacy.policy.policy import load_policy

PROJECT = Path(__file__).parents[2] / "dbt_project"
BOUNDS = read_bounds(load_policy())
QUARTERS = 6
NEVER = 99
"""Later than every moment."""
TABLES = {
    "children_counted": "unit_id varchar, region varchar, county varchar, age_band varchar, "
    "sex_group varchar",
    "report_choices": "child_id varchar, report_id varchar",
    "reports_to_childrens_division": "unit_id varchar, state varchar",
    "incidents_known_to_police": "unit_id varchar, troop varchar, definition varchar",
    "arrests_in_quarter": "unit_id varchar, state varchar",
    "children_reported": "unit_id varchar, region varchar",
    "children_reported_in_year": "unit_id varchar, county varchar, age_band varchar, "
    "sex_group varchar",
}
"""The models in the order in which they are built, with their columns."""

Units = Counter[tuple[int, str]]
"""How often each unit is counted in each released quarter."""


@dataclass(frozen=True)
class Record:
    """One record: whose it is, when it was first known, and from when to when it is an event.

    `group` is its report or its incident; an incident came in the quarter of its number.
    """

    owner: int
    group: int
    known: int
    comes: int
    goes: int

    def is_there(self, moment: int) -> bool:
        return self.comes <= moment < self.goes


@dataclass(frozen=True)
class World:
    """Records of children (owner, report), victims (owner, incident) and arrests, and what is done.

    `steps` are the quarters that are built, one at each moment, and whether each is released.
    """

    reports: tuple[Record, ...]
    victims: tuple[Record, ...]
    arrests: tuple[Record, ...]
    steps: tuple[tuple[int, bool], ...]

    def without(self, owner: int) -> World:
        """The same world without everything of one identity."""
        kept = {
            name: tuple(one for one in getattr(self, name) if one.owner != owner)
            for name in ("reports", "victims", "arrests")
        }
        return replace(self, **kept)


def draw_records(owners: int) -> st.SearchStrategy[tuple[Record, ...]]:
    quarters = st.integers(0, QUARTERS - 1)
    made = st.builds(
        lambda owner, group, known, late, stays: Record(
            owner, group, known, known + late, known + late + stays
        ),
        st.integers(0, owners - 1),
        st.integers(0, 3),
        quarters,
        st.sampled_from([0, 0, 1, 2]),
        st.sampled_from([NEVER, NEVER, 1, 2]),
    )
    return st.lists(made, max_size=8).map(tuple)


IN_ORDER = tuple((quarter, True) for quarter in range(QUARTERS))
ANY_ORDER = st.lists(st.tuples(st.integers(0, QUARTERS - 1), st.booleans()), max_size=9).map(tuple)
STEPS = st.one_of(st.just(IN_ORDER), ANY_ORDER)
WORLDS = st.builds(World, draw_records(3), draw_records(3), draw_records(3), STEPS)


def first_day(quarter: int) -> date:
    return date(2024 + quarter // 4, 3 * (quarter % 4) + 1, 1)


@cache
def read_model(name: str) -> jinja2.Template:
    macros = (PROJECT / "macros" / "quarters.sql").read_text("utf-8")
    model = (PROJECT / "models" / "release_input" / f"{name}.sql").read_text("utf-8")
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)  # noqa: S701 - this is SQL
    return environment.from_string(macros + model)


def render(name: str, quarter: int, counted_from: int) -> str:
    environment = {
        "MOSHARE_QUARTER_START": first_day(quarter).isoformat(),
        "MOSHARE_COUNTED_FROM": first_day(counted_from).isoformat(),
    }
    return read_model(name).render(
        this=name,
        ref=lambda model: model,
        config=lambda **_: "",
        stated_bound=BOUNDS.__getitem__,
        env_var=lambda variable, _="": environment[variable],
        is_incremental=lambda: True,
    )


def fill_core(connection: duckdb.DuckDBPyConnection, world: World, moment: int) -> None:
    """Put in what is an event at this moment, each record under a key of its own."""
    connection.execute("delete from child_events; delete from arrests")
    for number, one in enumerate(world.reports):
        if one.is_there(moment):
            key = (7 * one.owner + 5 * one.group + 3 * one.known) % 11
            values = [f"d{number}", first_day(one.known), f"c{one.owner}", f"r{one.group}", key]
            connection.execute(
                "insert into child_events by name select 'dss' as agency, ? as event_id, "
                "? as known_quarter_start, ? as child_id, ? as report_id, ? as event_order",
                values,
            )
    for number, one in enumerate(world.victims):
        if one.is_there(moment):
            connection.execute(
                "insert into child_events by name select 'mshp' as agency, ? as event_id, "
                "? as incident_known_quarter_start, ? as incident_key, 'A' as troop, "
                "'strict' as incident_definition",
                [f"v{number}", first_day(one.group), f"i{one.group}"],
            )
    for number, one in enumerate(world.arrests):
        if one.is_there(moment):
            connection.execute(
                "insert into arrests values (?, ?)",
                [f"a{one.owner}-{number}", first_day(one.known)],
            )


def run(world: World) -> dict[str, Units]:
    """Build what the steps say, and give what the released quarters count."""
    released: set[int] = set()
    with duckdb.connect() as connection:
        connection.execute(
            "create table child_events (agency varchar, event_id varchar, child_id varchar, "
            "report_id varchar, incident_key varchar, known_quarter_start date, "
            "incident_known_quarter_start date, event_order integer, region varchar, "
            "county varchar, age_band varchar, sex_group varchar, troop varchar, "
            "incident_definition varchar);"
            "create table arrests (arrest_key varchar, known_quarter_start date);"
            "create view children as select child_id, min(known_quarter_start) as "
            "first_quarter_start from child_events where agency = 'dss' group by child_id"
        )
        for name, columns in TABLES.items():
            connection.execute(f"create table {name} (quarter_start date, {columns})")
        for moment, (quarter, is_released) in enumerate(world.steps):
            if quarter in released:
                continue
            fill_core(connection, world, moment)
            counted_from = quarter
            while counted_from - 1 in released:
                counted_from -= 1
            for name in TABLES:
                connection.execute(
                    f"delete from {name} where quarter_start = ?",  # noqa: S608 - our names
                    [first_day(quarter)],
                )
                sql = render(name, quarter, counted_from)
                connection.execute(f"insert into {name} by name {sql}")
            if is_released:
                released.add(quarter)
        return {name: _count(connection, name, released) for name in TABLES}


def _count(connection: duckdb.DuckDBPyConnection, name: str, released: set[int]) -> Units:
    rows = connection.execute(f"select quarter_start, columns(*) from {name}").fetchall()  # noqa: S608
    place = {first_day(quarter): quarter for quarter in released}
    unit = 2
    return Counter((place[row[0]], str(row[unit])) for row in rows if row[0] in place)


def differ(one: Units, other: Units) -> dict[int, int]:
    """How many units differ in each quarter in which any does."""
    moved: Counter[int] = Counter()
    for quarter, _ in ((one - other) + (other - one)).elements():
        moved[quarter] += 1
    return dict(moved)


BOUNDED = (
    "reports_to_childrens_division",
    "children_reported",
    "children_reported_in_year",
    "incidents_known_to_police",
)


@settings(max_examples=30)
@given(world=WORLDS)
def test_one_identity_moves_each_table_as_far_as_the_policy_says(world: World) -> None:
    frames = load_policy().frames
    one_each = {one.owner: one for one in world.victims}  # an identity has one victim record
    world = replace(world, victims=tuple(one_each.values()))
    found = run(world)
    for owner in range(3):
        without = run(world.without(owner))
        for table in BOUNDED:
            moved = differ(found[table], without[table])
            assert all(rows <= frames[table].bound for rows in moved.values()), (table, moved)
            quarters = frames[table].quarters
            assert quarters is None or len(moved) <= quarters, (table, moved)


def test_an_incident_can_move_between_as_many_quarters_as_the_policy_says() -> None:
    """One victim was there at once, and another one came when its quarter had been released."""
    first, second = Record(0, 0, 0, 0, NEVER), Record(1, 0, 1, 1, NEVER)
    world = World((), (first, second), (), IN_ORDER)
    table = "incidents_known_to_police"
    moved = differ(run(world)[table], run(world.without(0))[table])
    assert moved == {0: 1, 1: 1}
    assert len(moved) == load_policy().frames[table].quarters


def test_a_child_reported_in_every_quarter_moves_as_many_as_the_policy_says() -> None:
    reports = tuple(Record(0, quarter, quarter, quarter, NEVER) for quarter in range(QUARTERS))
    world = World(reports, (), (), IN_ORDER)
    table = "reports_to_childrens_division"
    moved = differ(run(world)[table], run(world.without(0))[table])
    assert moved == dict.fromkeys(range(4), 1)
    assert len(moved) == load_policy().frames[table].quarters


@settings(max_examples=40)
@given(world=WORLDS)
def test_no_unit_is_counted_twice_in_a_lifetime(world: World) -> None:
    found = run(world)
    for table in ("children_reported", "children_reported_in_year", "incidents_known_to_police",
                  "arrests_in_quarter"):  # fmt: skip
        counts = Counter(unit for _, unit in found[table].elements())
        assert set(counts.values()) <= {1}, table


@settings(max_examples=30)
@given(world=WORLDS)
def test_nothing_that_comes_before_the_last_quarter_is_built_is_lost(world: World) -> None:
    """Where all quarters are released in their order, however late a record came."""

    def stay(records: tuple[Record, ...]) -> tuple[Record, ...]:
        last = QUARTERS - 1
        return tuple(
            replace(one, comes=max(min(one.comes, last), one.known, one.group), goes=NEVER)
            for one in records
        )

    world = World(stay(world.reports), stay(world.victims), stay(world.arrests), IN_ORDER)
    found = run(world)
    assert len(found["children_reported"]) == len({one.owner for one in world.reports})
    assert len(found["incidents_known_to_police"]) == len({one.group for one in world.victims})
    assert len(found["arrests_in_quarter"]) == len(world.arrests)
    reported = {one.owner for one in world.reports}
    assert bool(found["reports_to_childrens_division"]) == bool(reported)
