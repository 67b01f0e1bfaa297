"""The bounds that the policy declares for linked tables are those proved of the rule that links."""

from pathlib import Path

import pytest
from test_linkage_bounds import BOUNDS

from privacy.policy import load_policy

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
