"""A table that the policy withholds, and the frame that is switched off with it."""

from pathlib import Path

import pytest
from small_policy import CALLS_OFF, SMALL, write_policy

from privacy.errors import PrivacyError
from privacy.policy.policy import REVIEWED_POLICY, load_policy
from privacy.released import NOT_RELEASED


def test_a_withheld_table_says_why_and_switches_off_the_frame_that_no_other_uses(
    tmp_path: Path,
) -> None:
    policy = load_policy(write_policy(tmp_path, CALLS_OFF))
    calls = policy.tables[3]
    assert (calls.silence, calls.withheld) == (NOT_RELEASED, "Not released: too few.")
    assert (calls.frame, calls.weight) == (None, 0)
    assert policy.frames.keys() == {"victims", "pairs"}
    assert policy.switched_off.keys() == {"calls"}
    assert policy.stated_frames == load_policy(write_policy(tmp_path)).frames


def test_nobody_must_deliver_for_a_table_that_is_withheld(tmp_path: Path) -> None:
    assert load_policy(write_policy(tmp_path, CALLS_OFF)).sources == {"mshp"}
    assert "care" not in load_policy().sources


def test_a_frame_that_another_table_uses_stays_measured(tmp_path: Path) -> None:
    text = SMALL.replace('All by region."', 'All by region."\nwithheld = "Too few."')
    policy = load_policy(write_policy(tmp_path, text))
    assert "victims" in policy.frames
    assert policy.switched_off == {}


def test_a_withheld_table_is_checked_as_if_it_were_released(tmp_path: Path) -> None:
    text = CALLS_OFF.replace('frame = "calls"', 'frame = "others"')
    with pytest.raises(PrivacyError, match="In table calls, frame must name a frame of this file"):
        load_policy(write_policy(tmp_path, text))


@pytest.mark.parametrize("name", ["children_reported_in_year", "children_by_agency_in_year"])
def test_a_frame_that_rests_on_a_switched_off_one_is_refused(name: str, tmp_path: Path) -> None:
    """A year that sums quarters which nobody measures, and rows that are those of such a year."""
    switched_off = {
        "children_reported_in_year": "children_reported",
        "children_by_agency_in_year": "children_reported_in_year",
    }[name]
    text = REVIEWED_POLICY.read_text("utf-8").replace(
        f'frame = "{switched_off}"\nlevel', f'frame = "{switched_off}"\nwithheld = "No."\nlevel'
    )
    with pytest.raises(PrivacyError, match=rf"frames.{name}, sums and same_rows must name frames"):
        load_policy(write_policy(tmp_path, text))
