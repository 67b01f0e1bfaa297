"""Which rules hold of which table, as plain data.

Here: the rules of each kind of table. The public keys (dimension to its list of keys), the tables
and columns that a release reads, and the shape of released tables are given by the caller, so that
there is one copy of them. Not here: how a rule is evaluated (``run``) and what is done with the
answer (``gate``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import prod
from types import MappingProxyType

from expectations.rules import (
    Rule,
    Stage,
    Suite,
    expect_at_least,
    expect_columns,
    expect_in_list,
    expect_not_null,
    expect_pattern,
    expect_quarter,
    expect_row_count,
    expect_unique,
)

NUMBERS = ("estimate", "moe90", "low90", "high90")
"""The columns of a released table that every row with an estimate fills."""

COUNT = r"^[0-9]+$"
TENTHS = r"^-?[0-9]+\.[0-9]$"
POSITIVE_NUMBER = r"^(?=.*[1-9])[0-9]+(?:\.[0-9]+)?$"


@dataclass(frozen=True)
class InputTable:
    """A table of release_input that a release reads, as the policy and the warehouse give it.

    Attributes:
        name: its name, which is that of its frame.
        dimensions: the columns that make a cell, its place first; each has public keys.
        count: the column of a table that arrives as counts; None where each row is a unit.
    """

    name: str
    dimensions: tuple[str, ...]
    count: str | None = None

    @property
    def suite(self) -> str:
        """The name of its suite."""
        return f"release_input.{self.name}"


@dataclass(frozen=True)
class ReleasedShape:
    """What a released table must look like.

    Attributes:
        table: its name, which is the name of its file.
        quarter: for example ``2025Q1``.
        dimensions: column to the labels it may carry, in column order; geography is the first.
        unit: the unit every row must name.
        estimated: status words of rows that carry an estimate.
        without_estimate: status words of rows that carry none.
        has_count: whether rows with an estimate carry a whole count too; sums of quarters do not.
        more: columns after the status word.
    """

    table: str
    quarter: str
    dimensions: Mapping[str, tuple[str, ...]]
    unit: str
    estimated: tuple[str, ...]
    without_estimate: tuple[str, ...]
    has_count: bool = True
    more: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the file, in their order."""
        return ("quarter", *self.dimensions, "unit", *NUMBERS, "count", "status", *self.more)

    @property
    def numbers(self) -> tuple[str, ...]:
        """The columns that are filled where a row carries an estimate, and only there."""
        return (*NUMBERS, "count") if self.has_count else NUMBERS


def before_release_suites(
    quarter_start: date, tables: Iterable[InputTable], keys: Mapping[str, Sequence[str]]
) -> tuple[Suite, ...]:
    """The suites of release_input tables, in the order of the tables.

    Args:
        quarter_start: first day of the quarter.
        tables: every table that a release reads.
        keys: dimension or level to its public keys; each that a table names is needed.
    """
    return tuple(_input_suite(table, quarter_start, keys) for table in tables)


def released_suite(shape: ReleasedShape) -> Suite:
    """The rules of one released table; read its file with ``released.read_released``."""
    words = (*shape.estimated, *shape.without_estimate)
    rules = (
        expect_columns((*shape.columns, "is_status_consistent")),
        expect_row_count(prod(len(labels) for labels in shape.dimensions.values())),
        expect_unique(*("quarter", *shape.dimensions)),
        *(
            rule
            for column, allowed in (
                ("quarter", (shape.quarter,)),
                *shape.dimensions.items(),
                ("unit", (shape.unit,)),
                ("status", words),
            )
            for rule in (
                expect_not_null(column),
                expect_in_list(column, allowed, f"values published for {column}"),
            )
        ),
        *(
            expect_pattern(
                column,
                COUNT,
                f"Every {column} is a whole number from zero up.",
                f"{column}_is_whole",
            )
            for column in ("low90", "high90", "count")
        ),
        expect_pattern("estimate", TENTHS, "Every estimate is in tenths.", "estimate_is_in_tenths"),
        expect_pattern(
            "moe90",
            POSITIVE_NUMBER,
            "Every margin of error is more than zero.",
            "moe90_is_more_than_zero",
        ),
        Rule(
            "status_explains_the_numbers",
            "A row has its numbers exactly where its status word says so.",
            "ExpectColumnValuesToBeInSet",
            MappingProxyType({"column": "is_status_consistent", "value_set": [True]}),
            ("is_status_consistent",),
        ),
    )
    return Suite(f"released.{shape.table}", Stage.RELEASED, shape.columns, rules)


def _input_suite(
    table: InputTable, quarter_start: date, keys: Mapping[str, Sequence[str]]
) -> Suite:
    unit, count = ("unit_id",) if table.count is None else (), table.count
    rules = [
        expect_quarter("quarter_start", quarter_start.isoformat()),
        expect_not_null("quarter_start"),
        *(expect_not_null(column) for column in unit),
        expect_unique(*(unit or table.dimensions)),
        *_cell_rules(table.dimensions, keys),
    ]
    columns = ("quarter_start", *unit, *table.dimensions)
    if count is not None:
        rules += [expect_not_null(count), expect_at_least(count, 0)]
        columns = (*columns, count)
    return Suite(table.suite, Stage.BEFORE_RELEASE, columns, tuple(rules))


def _cell_rules(dimensions: Sequence[str], keys: Mapping[str, Sequence[str]]) -> tuple[Rule, ...]:
    return tuple(
        rule
        for dimension in dimensions
        for rule in (
            expect_not_null(dimension),
            expect_in_list(dimension, keys[dimension], f"public keys of {dimension}"),
        )
    )
