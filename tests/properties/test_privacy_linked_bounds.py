"""The bounds of linked tables are those that are proved of the linker."""

import pytest
from test_linkage_bounds import BOUNDS

from privacy.policy.policy import bound_linked, load_policy


@pytest.mark.parametrize(
    ("table", "claim"),
    [
        ("children_by_agency_in_year", "agencies, an identity"),
        ("report_lag_in_year", "lag, an identity"),
    ],
)
def test_the_policy_bounds_a_linked_table_as_one_identity_moves_it(table: str, claim: str) -> None:
    _, _, bound = BOUNDS[claim]
    frames = load_policy().frames
    assert frames[table].bound == bound(frames["report_lag_in_year"].places)


@pytest.mark.parametrize("places", range(1, 6))
def test_a_squared_bound_follows_from_the_places_as_the_proof_says(places: int) -> None:
    _, _, of_records = BOUNDS["lag, an identity"]
    _, _, of_children = BOUNDS["agencies, an identity"]
    assert bound_linked(places) == of_records(places)
    assert bound_linked(None) == of_children(places)
