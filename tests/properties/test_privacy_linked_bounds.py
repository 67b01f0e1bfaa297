"""The bounds of the policy are those that linking and dbt keep to."""

from pathlib import Path

import pytest
import yaml
from test_linkage_bounds import BOUNDS

from privacy.policy.policy import load_policy

MOST_RECORDS = 2
DBT_PROJECT = Path(__file__).parents[2] / "dbt_project" / "dbt_project.yml"


@pytest.mark.parametrize(
    ("table", "claim"),
    [
        ("children_by_agency_in_year", "agencies, an identity"),
        ("report_lag_in_year", "lag, an identity"),
    ],
)
def test_the_policy_bounds_a_linked_table_as_one_identity_moves_it(table: str, claim: str) -> None:
    _, _, bound = BOUNDS[claim]
    assert load_policy().frames[table].bound == bound(MOST_RECORDS)


def test_linking_and_the_check_of_its_bound_know_the_same_number_of_places() -> None:
    from orchestration.linking import RECORDS_FOR_ONE_CHILD

    assert RECORDS_FOR_ONE_CHILD == MOST_RECORDS
    assert f"bound_links: {MOST_RECORDS} " in DBT_PROJECT.read_text("utf-8")


def test_the_policy_bounds_reports_as_dbt_keeps_them() -> None:
    kept = yaml.safe_load(DBT_PROJECT.read_text("utf-8"))["vars"]
    reports = load_policy().frames["reports_to_childrens_division"]
    assert (reports.bound, reports.quarters) == (
        kept["bound_reports"],
        kept["bound_report_quarters"],
    )


def test_the_gate_knows_every_frame_that_the_policy_reads() -> None:
    from expectations.suites import AGGREGATE_TABLES, UNIT_TABLES

    assert load_policy().frames.keys() <= {*UNIT_TABLES, *AGGREGATE_TABLES}
