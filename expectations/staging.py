"""Which shares must hold of what staging makes: records of one agency, not counted yet.

A share says whether a delivery was read as it was meant: one unreadable date is a record that is
not counted, many are a layout that was misread. Not here: what is true of each row, which the tests
of dbt say beside its models.
"""

from __future__ import annotations

from expectations.rules import Rule, Suite, expect_mostly_known, expect_mostly_present

DELIVERY_QUARTER = "delivery_quarter_start"
READABLE_DATES = 0.9
"""The least share of records of a delivery with a readable date; fewer means a misread layout."""

KNOWN = 0.5
"""The least share of children with a known age or sex; of nearly all of them both are known."""


def _suite(table: str, *rules: Rule) -> Suite:
    columns = tuple(dict.fromkeys(column for rule in rules for column in rule.columns))
    return Suite(f"intermediate.{table}", columns, rules, DELIVERY_QUARTER)


STAGING_SUITES: tuple[Suite, ...] = (
    _suite(
        "int_dss__child_reports",
        expect_mostly_present("report_date", READABLE_DATES),
        expect_mostly_known("age_band", KNOWN),
        expect_mostly_known("sex_group", KNOWN),
    ),
    _suite("int_mshp__incidents", expect_mostly_present("incident_date", READABLE_DATES)),
    _suite("int_mshp__arrests", expect_mostly_present("arrest_date", READABLE_DATES)),
)
"""The suites of the deliveries of a quarter, in a fixed order."""
