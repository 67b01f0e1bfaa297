"""Replay histories through the models' own SQL and the linker: many worlds in one database.

Worlds share a schedule of builds and nothing else: every id and token begins with the number of its
world. Does not belong here: what happens in a world (see `worlds`), and what is compared.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import duckdb
import jinja2
import pyarrow as pa

from linkage.links import EqualTokenLinker, find_owners, note_children
from linkage.matching import match_year
from orchestration.guards.bounds import RECORDS_FOR_ONE_CHILD, read_bounds
from orchestration.guards.quarter_order import refuse_passed_quarter
from orchestration.hub.errors import OrchestrationError
from orchestration.steps.linking import (
    CHILDREN_KNOWN,
    CHILDREN_OF_YEAR,
    VICTIMS_KNOWN,
    VICTIMS_OF_YEAR,
    ask_of_year,
)
from privacy.policy.policy import Policy
from sources.quarters import Quarter

PROJECT = Path(__file__).parents[2] / "dbt_project"
FIRST = Quarter(2024, 1)
"""The quarter with number 0; the first day of record."""

Step = tuple[int, bool]
"""Number of the quarter that is built, and whether its plan is signed and it is released."""

_TIMELINES = """
create table reports (world integer, child integer, report_id varchar, child_id varchar,
    begins integer, ends integer, report_date date, known_quarter_start date);
create table child_tokens (world integer, child integer, child_id varchar, token varchar,
    begins integer, ends integer);
create table records (world integer, record integer, victim_key varchar, incident_key varchar,
    token varchar, begins integer, ends integer, incident_date date,
    incident_known_quarter_start date, known_quarter_start date);
create table arrests_made (world integer, record integer, arrest_key varchar, begins integer,
    ends integer, arrest_date date, known_quarter_start date);
"""

_NOTED = """
create table links (quarter_start date, victim_key varchar, token varchar, child_id varchar,
    has_place boolean, first_report_date date, rule varchar);
create table noted (quarter_start date, child_id varchar, token varchar, first_report_date date);
create table children_of_year (quarter_start date, unit_id varchar, agency_pattern varchar,
    token varchar, name_year_token varchar, name_token varchar, part_tokens varchar[],
    sex_group varchar, birth_year bigint);
create table order_key as select 'a key for histories' as order_key;
create table state as select 'The state' as key;
"""

_RECORDS = """
create schema if not exists intermediate;
create or replace table intermediate.int_dss__child_reports as
    select report_id, child_id, report_date, report_date as event_date, known_quarter_start,
        cast(date_trunc('quarter', report_date) as date) as quarter_start,
        true as is_trafficking_event, 'substantiated' as finding_group,
        '15_to_17' as age_band, {sex_of_child} as sex_group, 'Cole' as county, 'Central' as region,
        'F' as troop, 'unknown' as relationship_group, report_date as delivery_quarter_start,
        1 as delivery_sequence, cast(null as date) as birth_date, 15 as age_years
    from reports where {now} qualify row_number() over (partition by report_id, child_id) = 1;
create or replace table intermediate.int_tokens as
    select *, world || ':' || hash(record_key) % 3 as name_year_token,
        world || ':' || hash(record_key) % 2 as name_token,
        [world || ':' || hash(token) % 2, world || ':' || hash(record_key) % 5] as part_tokens
    from (
        select 'dss' as agency, child_id as record_key, token, world from child_tokens where {now}
        union all
        select 'mshp', victim_key, max(token), max(world) from records where {now}
        group by victim_key);
create or replace table intermediate.int_mshp__incidents as
    select incident_key, min(incident_date) as incident_date,
        min(incident_known_quarter_start) as known_quarter_start, 'Cole' as county,
        'Central' as region, 'F' as troop,
        cast(date_trunc('quarter', min(incident_date)) as date) as quarter_start
    from records where {now} group by incident_key;
create or replace table intermediate.int_mshp__victims as
    select victim_key, incident_key, true as is_trafficking_event, known_quarter_start,
        cast(date_trunc('quarter', incident_date) as date) as quarter_start,
        '15_to_17' as age_band, {sex_of_victim} as sex_group, 'strict' as incident_definition,
        'strict' as victim_definition, 'unknown' as relationship_group,
        incident_date as delivery_quarter_start, 1 as delivery_sequence,
        14 as lowest_age_years, 15 as highest_age_years
    from records where {now} qualify row_number() over (partition by victim_key) = 1;
create or replace table intermediate.int_mshp__arrests as
    select arrest_key, '' as incident_key, arrest_date, known_quarter_start,
        cast(date_trunc('quarter', arrest_date) as date) as quarter_start,
        'commercial_sex_acts' as offence_group, false as is_counted_elsewhere
    from arrests_made where {now};
"""

_SEXES = {
    "sex_of_child": "case when hash(child_id) % 4 < 3 then 'female' else 'male' end",
    "sex_of_victim": "case when hash(victim_key) % 4 < 3 then 'female' else 'unknown' end",
}
_LAST = 4

_CORE = ("child_events", "children", "arrests")
ROW_TABLES = {
    "children_counted": "unit_id varchar, region varchar, county varchar, age_band varchar, "
    "sex_group varchar",
    "report_choices": "child_id varchar, report_id varchar",
    "reports_to_childrens_division": "unit_id varchar, state varchar",
    "children_reported": "unit_id varchar, region varchar",
    "incidents_known_to_police": "unit_id varchar, troop varchar, definition varchar",
    "arrests_in_quarter": "unit_id varchar, state varchar",
    "children_reported_in_year": "unit_id varchar, county varchar, age_band varchar, "
    "sex_group varchar",
    "juvenile_victim_records_in_year": "unit_id varchar, county varchar, definition varchar, "
    "relationship_group varchar",
    "children_by_agency_in_year": "unit_id varchar, state varchar, agency_pattern varchar",
    "report_lag_in_year": "unit_id varchar, state varchar, lag_group varchar",
}
"""Models of release input in the order in which they are built, with their columns."""


Rows = Sequence[tuple[object, ...]]


@dataclass(frozen=True)
class Timelines:
    """Rows of the four tables of events, each true from moment `begins` until before `ends`."""

    reports: Rows = ()
    child_tokens: Rows = ()
    records: Rows = ()
    arrests_made: Rows = ()


def number(quarter: int) -> Quarter:
    """Give the quarter with a number, counted from `FIRST`."""
    place = 4 * FIRST.year + FIRST.number - 1 + quarter
    return Quarter(place // 4, place % 4 + 1)


def start(quarter: int) -> date:
    """Give its first day."""
    return number(quarter).first_day


@cache
def _read_model(folder: str, name: str) -> jinja2.Template:
    macros = "".join(
        (PROJECT / "macros" / f"{one}.sql").read_text("utf-8")
        for one in ("quarters", "bounds", "places")
    )
    model = (PROJECT / "models" / folder / f"{name}.sql").read_text("utf-8")
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)  # noqa: S701 - this is SQL
    return environment.from_string(macros + model)


def _refer(name: str) -> str:
    return f"intermediate.{name}" if name.startswith("int_") else name


def render(folder: str, name: str, policy: Policy, quarter: int, released: Collection[int]) -> str:
    """Give the SQL of a model as dbt would, for a quarter and what was released before it."""
    days = ",".join(start(one).isoformat() for one in sorted(released))
    environment = {
        "MOSHARE_QUARTER_START": start(quarter).isoformat(),
        "MOSHARE_RELEASED_QUARTERS": days,
    }
    stated = {"first_day_of_record": FIRST.first_day.isoformat(), **read_bounds(policy)}
    return _read_model(folder, name).render(
        this=name,
        execute=True,
        ref=_refer,
        source=lambda _, table: {"dss_mshp_links": "links"}.get(table, table),
        config=lambda **_: "",
        var=lambda variable, _=None: stated[variable],
        env_var=lambda variable, _="": environment[variable],
        is_incremental=lambda: True,
        keyed_order=lambda key, text: f"md5_number_lower({key} || {text}) >> 4",
    )


class Replay:
    """A database of many worlds in which a schedule was played.

    Attributes:
        connection: Holds the tables of `ROW_TABLES`, `links` and `noted`.
        released: Numbers of the quarters that were released.
    """

    def __init__(self, timelines: Timelines, schedule: Sequence[Step], policy: Policy) -> None:
        self.connection = duckdb.connect(config={"threads": 1})
        self.released: set[int] = set()
        self._policy = policy
        self._schedule = schedule
        self.connection.execute(_TIMELINES + _NOTED)
        for name, columns in ROW_TABLES.items():
            self.connection.execute(f"create table {name} (quarter_start date, {columns})")
        for table, rows in vars(timelines).items():
            fill(self.connection, table, rows)

    def drop(self, conditions: Mapping[str, str]) -> Replay:
        """Take rows out of the tables of events before anything is played."""
        for table, condition in conditions.items():
            self.connection.execute(f"delete from {table} where {condition}")  # noqa: S608
        return self

    def play(self) -> Replay:
        """Build and release as the schedule says; what the project refuses is not done."""
        for moment, (quarter, is_released) in enumerate(self._schedule):
            try:
                refuse_passed_quarter(number(quarter), {number(one) for one in self.released})
            except OrchestrationError:
                continue
            if quarter in self.released:
                continue
            now = f"{moment} >= begins and {moment} < ends"
            self.connection.execute(_RECORDS.format(now=now, **_SEXES))
            self._link(quarter)
            self._match_year(quarter)
            for name in _CORE:
                sql = render("core", name, self._policy, quarter, self.released)
                self.connection.execute(f"create or replace table {name} as {sql}")
            for name in ROW_TABLES:
                sql = render("release_input", name, self._policy, quarter, self.released)
                self._replace(name, quarter, sql)
            if is_released:
                self.released.add(quarter)
        return self

    def _replace(self, table: str, quarter: int, sql: str) -> None:
        day = [start(quarter)]
        self.connection.execute(f"delete from {table} where quarter_start = ?", day)  # noqa: S608
        self.connection.execute(f"insert into {table} by name {sql}")

    def _keep(self, made: duckdb.DuckDBPyRelation, name: str) -> duckdb.DuckDBPyRelation:
        self.connection.execute(f"drop table if exists {name}")
        made.create(name)
        return self.connection.table(name)

    def _link(self, quarter: int) -> None:
        connection = self.connection
        days = {"quarter": start(quarter).isoformat(), "record": FIRST.first_day.isoformat()}
        order_key = connection.table("order_key")
        kept = ", ".join(f"date '{start(one).isoformat()}'" for one in self.released) or "null"
        noted = connection.table("noted").filter(f"quarter_start in ({kept})")
        earlier = connection.table("links").filter(f"quarter_start in ({kept})")
        new = note_children(start(quarter), connection.sql(CHILDREN_KNOWN.format(**days)), noted)
        new = self._keep(new, "new_noted")
        links = EqualTokenLinker(read_bounds(self._policy)[RECORDS_FOR_ONE_CHILD]).link(
            connection.sql(VICTIMS_KNOWN.format(**days)),
            find_owners(noted.union(new), order_key),
            earlier,
            order_key,
        )
        self._keep(links, "new_links")
        self._replace("noted", quarter, "select * from new_noted")
        day = start(quarter).isoformat()
        dated = f"select date '{day}' as quarter_start, * from new_links"  # noqa: S608 - our names
        self._replace("links", quarter, dated)

    def _match_year(self, quarter: int) -> None:
        """Match the year that a quarter closes, of all worlds at once: they share no token."""
        released = {number(one) for one in self.released}
        closed = [one for one in self.released if number(one).number == _LAST]
        days = [start(max(closed, default=-1))]
        before = self.connection.sql(
            "select * exclude (quarter_start) from children_of_year where quarter_start = $1",
            params=days,
        )
        children, victims = (
            self.connection.sql(
                ask_of_year(query, number(quarter), released, FIRST.first_day.isoformat()).replace(
                    "release_input.", ""
                )
            )
            for query in (CHILDREN_OF_YEAR, VICTIMS_OF_YEAR)
        )
        made = match_year(children, victims, before, self.connection.table("order_key"))
        self.connection.register("made", made)
        day = start(quarter).isoformat()
        dated = f"select date '{day}' as quarter_start, * from made"  # noqa: S608 - our names
        self._replace("children_of_year", quarter, dated)
        self.connection.unregister("made")


def fill(connection: duckdb.DuckDBPyConnection, table: str, rows: Rows) -> None:
    """Put rows into a table, column by column."""
    if rows:
        names = [row[0] for row in connection.execute(f"describe {table}").fetchall()]
        columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
        arrow = pa.table(columns)
        connection.register("arrow", arrow)
        connection.execute(f"insert into {table} by name select * from arrow")  # noqa: S608
        connection.unregister("arrow")
