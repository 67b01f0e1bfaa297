"""Which rules hold of the tables made by staging: records of one agency, interpreted, not counted.

Here: identity, lists and dates of each table. Not here: tables that are counted
(``suites``), and faults a single record may have: one unreadable date is a record that is not
counted, many are a delivery that was misread.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from expectations.rules import (
    Rule,
    Stage,
    Suite,
    expect_at_least,
    expect_in_list,
    expect_mostly_present,
    expect_not_null,
    expect_quarter,
    expect_unique,
)

DELIVERY_QUARTER = "delivery_quarter_start"
READABLE_DATES = 0.9
"""The least share of records of a delivery with a readable date; fewer means a misread layout."""

AGE_BANDS = ("under_6", "6_to_11", "12_to_14", "15_to_17", "unknown")
SEX_GROUPS = ("female", "male", "unknown")
RELATIONSHIP_GROUPS = ("family", "known", "stranger", "unknown")
DEFINITIONS = ("strict", "broad_only")

RULES: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        "int_deliveries": (
            expect_unique("agency", DELIVERY_QUARTER, "delivery_sequence"),
            expect_in_list("agency", ("dss", "mshp", "hotline"), "agencies"),
            expect_in_list("delivery_kind", ("full", "delta", "nil"), "kinds of delivery"),
            expect_at_least("delivery_sequence", 1),
            expect_not_null("is_simulated"),
        ),
        "int_dss__child_reports": (
            expect_unique("report_id", "child_id"),
            expect_not_null("report_id"),
            expect_not_null("child_id"),
            expect_mostly_present("report_date", READABLE_DATES),
            expect_at_least("age_years", 0),
            expect_in_list("age_band", AGE_BANDS, "age bands, which holds unknown"),
            expect_in_list("sex_group", SEX_GROUPS, "sexes, which holds unknown"),
            expect_not_null("is_sex_trafficking_alleged"),
        ),
        "int_mshp__incidents": (
            expect_unique("incident_key"),
            expect_not_null("incident_key"),
            expect_not_null("troop"),
            expect_mostly_present("incident_date", READABLE_DATES),
        ),
        "int_mshp__victims": (
            expect_unique("victim_key"),
            expect_not_null("victim_key"),
            expect_not_null("incident_key"),
            expect_in_list("age_band", AGE_BANDS, "age bands, which holds unknown"),
            expect_in_list("sex_group", SEX_GROUPS, "sexes, which holds unknown"),
            expect_in_list("victim_definition", DEFINITIONS, "definitions"),
            expect_in_list("relationship_group", RELATIONSHIP_GROUPS, "relationships"),
        ),
        "int_mshp__arrests": (
            expect_unique("arrest_key"),
            expect_not_null("arrest_key"),
            expect_not_null("is_counted_elsewhere"),
            expect_mostly_present("arrest_date", READABLE_DATES),
        ),
        "int_tokens": (expect_unique("agency", "record_key"), expect_not_null("token")),
        "int_hotline__counts": (
            expect_unique("quarter_start", "measure", "relationship_group"),
            expect_in_list("measure", ("cases", "children"), "measures"),
            expect_not_null("delivered_count"),
            expect_at_least("delivered_count", 0),
        ),
    }
)
"""Table to its rules, besides that every row was delivered for one quarter."""


def after_staging_suites(quarter_start: date) -> tuple[Suite, ...]:
    """The suites of these tables for the deliveries of one quarter, in a fixed order."""
    return tuple(
        _suite(table, (expect_quarter(DELIVERY_QUARTER, quarter_start.isoformat()), *rules))
        for table, rules in RULES.items()
    )


def _suite(table: str, rules: tuple[Rule, ...]) -> Suite:
    columns = tuple(dict.fromkeys(column for rule in rules for column in rule.columns))
    return Suite(f"intermediate.{table}", Stage.AFTER_STAGING, columns, rules, DELIVERY_QUARTER)
