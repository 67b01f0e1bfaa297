"""What a rule and a suite are, and the words from which suites are written.

Here: frozen data types and one small function for each kind of rule. Not here: which rule applies
to which table (``staging``, ``released``), and how a rule is evaluated (``run``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Rule:
    """One thing that must hold of a table.

    Attributes:
        rule_id: unique in its suite; lower-case letters, digits and underscores.
        description: one sentence, shown to the data engineer.
        expectation: the name of the Great Expectations class that decides it.
        settings: the arguments of that class.
        columns: the columns it reads; where one is absent the rule does not hold.
    """

    rule_id: str
    description: str
    expectation: str
    settings: Mapping[str, object]
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Suite:
    """The rules of one table.

    Attributes:
        name: schema and table, for example ``release_input.children_reported``.
        columns: the columns a frame for this suite has, and no others.
        rules: at least one rule, with distinct ids.
        quarter_column: the date column by which one quarter is read.
    """

    name: str
    columns: tuple[str, ...]
    rules: tuple[Rule, ...]
    quarter_column: str = "quarter_start"


def expect_not_null(column: str) -> Rule:
    """Every row has a value in the column."""
    return Rule(
        f"{column}_is_present",
        f"Every row has a value in {column}.",
        "ExpectColumnValuesToNotBeNull",
        MappingProxyType({"column": column}),
        (column,),
    )


def expect_mostly_present(column: str, share: float) -> Rule:
    """At least this share of the rows, from 0 to 1, have a value in the column."""
    return Rule(
        f"{column}_is_mostly_present",
        f"At least {share:.0%} of the rows have a readable {column}.",
        "ExpectColumnValuesToNotBeNull",
        MappingProxyType({"column": column, "mostly": share}),
        (column,),
    )


def expect_mostly_known(column: str, share: float) -> Rule:
    """At least this share of the rows, from 0 to 1, have another value than ``unknown``."""
    return Rule(
        f"{column}_is_mostly_known",
        f"At least {share:.0%} of the rows have a known {column}.",
        "ExpectColumnValuesToNotBeInSet",
        MappingProxyType({"column": column, "value_set": ["unknown"], "mostly": share}),
        (column,),
    )


def expect_unique(*columns: str) -> Rule:
    """No two rows share the same values in these columns."""
    words = " and ".join(columns)
    single = len(columns) == 1
    return Rule(
        f"{'_and_'.join(columns)}_{'is' if single else 'are'}_unique",
        f"No two rows have the same {words}.",
        "ExpectColumnValuesToBeUnique" if single else "ExpectCompoundColumnsToBeUnique",
        MappingProxyType({"column": columns[0]} if single else {"column_list": list(columns)}),
        columns,
    )


def expect_in_list(column: str, allowed: Sequence[object], list_name: str) -> Rule:
    """Every value of the column is in a public list; empty values are judged elsewhere."""
    return Rule(
        f"{column}_is_in_its_list",
        f"Every {column} is in the list of {list_name}.",
        "ExpectColumnValuesToBeInSet",
        MappingProxyType({"column": column, "value_set": list(allowed)}),
        (column,),
    )


def expect_pattern(column: str, pattern: str, description: str, rule_id: str) -> Rule:
    """Every text in the column matches a regular expression; empty values are judged elsewhere."""
    return Rule(
        rule_id,
        description,
        "ExpectColumnValuesToMatchRegex",
        MappingProxyType({"column": column, "regex": pattern}),
        (column,),
    )


def expect_columns(columns: Sequence[str]) -> Rule:
    """The table has exactly these columns in this order."""
    return Rule(
        "columns_are_as_published",
        "The table has exactly the columns of its codebook, in their order.",
        "ExpectTableColumnsToMatchOrderedList",
        MappingProxyType({"column_list": list(columns)}),
        (),
    )


def expect_row_count(rows: int) -> Rule:
    """The table has one row for every combination of its public keys."""
    return Rule(
        "every_cell_is_present",
        "There is one row for every combination of the public keys, and no other.",
        "ExpectTableRowCountToEqual",
        MappingProxyType({"value": rows}),
        (),
    )
