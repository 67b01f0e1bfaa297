"""What is measured at every size: made-up children in a warehouse, and the tables of one frame.

The frame is the reviewed policy's yearly count of children, with its geography, split and budget.
Children are spread evenly over counties and keys; nothing here depends on anything real. Ids are as
long as those of NCANDS child files, twelve characters, and in no order. Does not belong here:
running and timing.
"""

import json
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import duckdb

from privacy.engine.frames import Frame
from privacy.plan import Plan, PlannedFrame, make_plan
from privacy.policy.keys import PublicKeys, load_keys
from privacy.policy.policy import load_policy
from privacy.policy.strategy import load_strategy

ROOT = Path(__file__).parents[2]
SEEDS = ROOT / "missouri" / "lists"
FRAME = "children_reported_in_year"
QUARTER = "2025Q4"
FIRST_DAY = "2025-10-01"
MEMORY = "4GB"
PROCESSOR = "of processor"
"""Where the seconds of processor of all steps are told beside the steps."""
EVENTS = 6
CHILDREN_OF_EVENTS = 5
_ID = "'C' || lpad(to_hex(({}::ubigint * 2654435761) % (1::ubigint << 44)), 11, '0')"
"""Another id for each number below 2**44, for the factor is odd."""


@dataclass(frozen=True)
class Files:
    """Where one size lies: its warehouse, its rows as peers read them, and what is asked."""

    folder: Path

    @property
    def warehouse(self) -> Path:
        """The core tables, and later the release input."""
        return self.folder / "warehouse.duckdb"

    @property
    def rows(self) -> Path:
        """The release input with all levels of the geography as columns."""
        return self.folder / "rows.parquet"

    @property
    def question(self) -> Path:
        """Tables, keys and budget for peers."""
        return self.folder / "question.json"


def plan_year() -> tuple[Plan, PublicKeys]:
    """Return the plan of a fourth quarter, and the key lists."""
    policy = load_policy()
    keys = load_keys(SEEDS, policy)
    return make_plan(QUARTER, policy, keys, load_strategy(), ""), keys


def find_planned(plan: Plan) -> PlannedFrame:
    """Return the frame that is measured here."""
    return next(planned for planned in plan.frames if planned.frame.name == FRAME)


def open_warehouse(path: Path) -> duckdb.DuckDBPyConnection:
    """Open a warehouse that keeps to a bounded memory."""
    connection = duckdb.connect(path)
    connection.execute(f"set memory_limit = '{MEMORY}'")
    connection.execute("set preserve_insertion_order = false")
    return connection


def make_warehouse(files: Files, children: int) -> None:
    """Write core tables with this many children, each in one or two reports of the year."""
    plan, keys = plan_year()
    frame = find_planned(plan).frame
    files.folder.mkdir(parents=True, exist_ok=True)
    files.warehouse.unlink(missing_ok=True)
    drawn = {level: ("place", units) for level, units in _list_places(frame).items()}
    drawn |= {name: (name, keys) for name, keys in zip(frame.columns, frame.keys, strict=True)}
    columns = ", ".join(
        f"{list(listed)}[1 + (hash(child, '{by}') % {len(listed)})::int] as {name}"
        for name, (by, listed) in drawn.items()
    )
    with open_warehouse(files.warehouse) as connection:
        connection.execute("create schema core; create schema release_input")
        connection.execute(
            f"""
            create table core.children as
            select {_ID.format("i")} as child_id, date '{FIRST_DAY}' as first_quarter_start
            from range({children}) as of (i)
            """  # noqa: S608 - numbers of this file
        )
        connection.execute(
            f"""
            create table core.child_events as
            select
                {_ID.format("child")} as child_id,
                'dss:' || {_ID.format("event")} || ':' || {_ID.format("child")} as event_id,
                hash(event, 'order') as event_order,
                'dss' as agency,
                date '{FIRST_DAY}' as known_quarter_start,
                {columns}
            from (
                select i as event, i % {children} as child
                from range({children} * {EVENTS} // {CHILDREN_OF_EVENTS}) as of (i)
            )
            """  # noqa: S608 - names of the policy
        )
    _write_question(files, plan, keys)


def export_rows(files: Files) -> None:
    """Write the release input for peers, with the units above each county."""
    plan, _ = plan_year()
    frame = find_planned(plan).frame
    units = list(zip(*_list_places(frame).values(), strict=True))
    names = ", ".join(level.name for level in frame.levels)
    with open_warehouse(files.warehouse) as connection:
        connection.execute(f"create temp table tree ({names.replace(',', ' varchar,')} varchar)")
        marks = ", ".join("?" for _ in frame.levels)
        connection.executemany(f"insert into tree values ({marks})", units)  # noqa: S608
        listed = ", ".join((names, *frame.columns))
        connection.execute(
            f"copy (select {listed} from release_input.{FRAME} join tree using "  # noqa: S608
            f"({frame.leaf_column})) to '{files.rows}' (format parquet)"
        )


def list_tables(plan: Plan) -> list[tuple[str, tuple[str, ...]]]:
    """Return level and dimensions of every table of the frame that the policy publishes."""
    return list(
        dict.fromkeys(
            (table.level, table.dimensions)
            for table in plan.policy.measured_tables
            if table.frame == FRAME
        )
    )


def _list_places(frame: Frame) -> dict[str, list[str]]:
    """Return, by level of the geography, the unit in which each county lies."""
    leaf = len(frame.levels) - 1
    return {
        level.name: [level.keys[unit] for unit in frame.find_units(leaf, place)]
        for place, level in enumerate(frame.levels)
    }


def _write_question(files: Files, plan: Plan, keys: PublicKeys) -> None:
    planned = find_planned(plan)
    frame = planned.frame
    tables = []
    for level, dimensions in list_tables(plan):
        place = frame.find_level(level)
        columns = (*((level,) if place else ()), *dimensions)
        lists = [frame.levels[place].keys] if place else []
        lists += [tuple(key.key for key in keys.of(name)) for name in dimensions]
        tables.append({"columns": columns, "cells": list(product(*lists))})
    asked = {"rho": float(planned.rho), "tables": tables}
    files.question.write_text(json.dumps(asked), encoding="utf-8")
