"""Which rules hold of a released table, and the reading of its CSV file for them.

Here: the shape that the caller gives, the rules of it, text exactly as published, and the one
derived column that a rule across columns needs. Not here: hashes of the folder (``portal.verify``)
and how a rule is evaluated (``run``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from expectations.errors import ExpectationsError
from expectations.rules import (
    Rule,
    Suite,
    expect_columns,
    expect_in_list,
    expect_not_null,
    expect_pattern,
    expect_row_count,
    expect_unique,
)

if TYPE_CHECKING:
    import pandas as pd

NUMBERS = ("estimate", "moe90", "low90", "high90")
"""The columns of a released table that every row with an estimate fills."""

COUNT = r"^[0-9]+$"
TENTHS = r"^-?[0-9]+\.[0-9]$"
POSITIVE_NUMBER = r"^(?=.*[1-9])[0-9]+(?:\.[0-9]+)?$"


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
        exact: status words of rows whose count is public, and their range the count itself.
        has_count: whether rows with an estimate carry a whole count too; sums of quarters do not.
        more: columns after the status word.
    """

    table: str
    quarter: str
    dimensions: Mapping[str, tuple[str, ...]]
    unit: str
    estimated: tuple[str, ...]
    without_estimate: tuple[str, ...]
    exact: tuple[str, ...] = ()
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


def released_suite(shape: ReleasedShape) -> Suite:
    """The rules of one released table."""
    words = (*shape.estimated, *shape.without_estimate, *shape.exact)
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
    return Suite(f"released.{shape.table}", shape.columns, rules)


def read_released(path: Path, shape: ReleasedShape) -> pd.DataFrame:
    """Read a released CSV; every column is text, an empty cell is absent.

    Adds ``is_status_consistent``: whether the numbers of the shape are all there for a status word
    that carries an estimate, all absent for one that carries none, count and range alone and equal
    for one that is exact, and false for any other word.
    A table of the shape that has no whole count must have none anywhere.

    Raises:
        ExpectationsError: MS507, no such file or no CSV.
    """
    import pandas as pd

    try:
        text = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except (OSError, ValueError):
        raise ExpectationsError("MS507", file=path.name) from None
    frame = text.mask(text == "")
    if {*shape.numbers, "count", "status"}.issubset(frame.columns):
        present = frame[list(shape.numbers)].notna()
        is_consistent = (present.all(axis=1) & frame["status"].isin(shape.estimated)) | (
            ~present.any(axis=1) & frame["status"].isin(shape.without_estimate)
        )
        is_told = (frame["low90"] == frame["count"]) & (frame["high90"] == frame["count"])
        is_bare = frame["estimate"].isna() & frame["moe90"].isna()
        is_consistent |= is_told & is_bare & frame["status"].isin(shape.exact)
        frame["is_status_consistent"] = is_consistent & (shape.has_count | frame["count"].isna())
    return frame
