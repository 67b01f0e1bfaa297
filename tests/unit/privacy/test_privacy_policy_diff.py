from pathlib import Path

import pytest
from small_policy import CALLS_OFF, DECLARED, PUBLISHED, SMALL, write_policy

from privacy.policy.diff import CONTENT, GUARANTEE, WORDS, Change, describe_changes
from privacy.policy.policy import REVIEWED_POLICY, load_policy


def compare(folder: Path, text: str, before: str = SMALL) -> tuple[Change, ...]:
    old = load_policy(write_policy(folder, before))
    return describe_changes(old, load_policy(write_policy(folder, text)))


def test_equal_policies_have_no_changes(tmp_path: Path) -> None:
    assert compare(tmp_path, "# a note\n" + SMALL) == ()


@pytest.mark.parametrize(
    ("old", "new", "touches", "sentence"),
    [
        ("version = 3", "version = 4", WORDS, "Policy: the version is 4 instead of 3."),
        ("2026-01-15", "2026-01-16", WORDS, "reviewed on 2026-01-16 instead of 2026-01-15."),
        ("2000-01-01", "2001-07-01", GUARANTEE, "first day of record is 2001-07-01 instead of"),
        ("One child.", "One home.", GUARANTEE, "unit is “One home.” instead of “One child.”."),
        ('"0.000001"', '"0.0001"', GUARANTEE, "at delta 0.0001 instead of 0.000001."),
        ("signers = 1", "signers = 2", GUARANTEE, "officers who must sign is 2 instead of 1."),
        (
            "signers = 1",
            'signers = 1\nnot_awaited = ["mshp"]',
            GUARANTEE,
            "for mshp instead of nothing.",
        ),
        ("enabled = true", "enabled = false", CONTENT, "synthetic records: no instead of yes."),
        ("enabled = false", "enabled = true", CONTENT, "modelled columns: yes instead of no."),
        (
            'quarterly = "0.125"',
            'quarterly = "0.0625"',
            GUARANTEE,
            "rho 0.0625 instead of 0.125; protection strengthens and errors grow.",
        ),
        (
            'lifetime = "1.0"',
            'lifetime = "2.0"',
            GUARANTEE,
            "Caps: that of a lifetime is looser, rho 2 instead of 1.",
        ),
        (
            'year = "0.5"',
            'year = "0.25"',
            GUARANTEE,
            "Caps: that of one calendar year is tighter, rho 0.25 instead of 0.5.",
        ),
        ("bound = 1", "bound = 2", GUARANTEE, "Frame victims: its bound for one identity is 2"),
        ("quarters = 2\n", "", GUARANTEE, "can be counted are nothing said instead of 2."),
        ("One row each.", "One.", WORDS, "Frame victims: the reason of its bound is One. instead"),
        ("weight = 2", "weight = 3", CONTENT, "Table victims: its weight is 3 instead of 2."),
        ("by region (records)", "(records)", WORDS, "Table victims_by_region: its title is"),
        ("All by region.", "Some.", WORDS, "Table victims_by_region: its definition is Some."),
        ('All by region."', 'All by region."\nwithheld = "Few."', CONTENT, "not released: Few."),
        (
            '  { key = "strict", label = "Strict", cells = ["strict"] },\n',
            "",
            CONTENT,
            "rows are Broad (broad: strict, broad_only) instead of Strict (strict: strict); Broad",
        ),
        (
            PUBLISHED,
            "",
            CONTENT,
            "published rows are those of its list instead of Strict",
        ),
        ('title = "Sex"', 'title = "Gender"', WORDS, "Dimension sex: its title is Gender instead"),
        ('title = "Region"', 'title = "Area"', WORDS, "Level region: its title is Area instead"),
        (
            'levels = ["state", "region"]\n\n[levels.state]',
            'levels = ["state", "region", "t"]\n\n[levels.t]\ntitle = "T"\n\n[levels.state]',
            CONTENT,
            "Geography dss: its levels are state, region, t instead of state, region.",
        ),
    ],
)
def test_a_change_is_told_in_words_with_what_it_touches(
    old: str, new: str, touches: str, sentence: str, tmp_path: Path
) -> None:
    assert old in SMALL
    changes = compare(tmp_path, SMALL.replace(old, new, 1))
    told = [change for change in changes if sentence in change.sentence]
    assert [change.touches for change in told] == [touches], changes


def test_what_proves_that_frames_share_a_total_is_told(tmp_path: Path) -> None:
    text = REVIEWED_POLICY.read_text(encoding="utf-8")
    named = 'test = "assert_report_lag_in_year_has_every_juvenile_victim_record"'
    (change,) = compare(tmp_path, text.replace(named, 'test = "another"'), text)
    assert change.touches == CONTENT
    assert "same_day, later, none_found are the rows of juvenile_victim" in change.sentence
    assert "in_year, by another instead of" in change.sentence


def test_a_larger_budget_is_told_as_weaker_protection(tmp_path: Path) -> None:
    larger = SMALL.replace('quarter = "0.125"', 'quarter = "0.25"').replace(
        'quarterly = "0.125"', 'quarterly = "0.25"'
    )
    assert "protection weakens and errors shrink" in compare(tmp_path, larger)[0].sentence


def test_what_is_outside_the_guarantee_is_told_both_ways(tmp_path: Path) -> None:
    told = [one.sentence for one in compare(tmp_path, SMALL.replace("the plan", "the weather"))]
    assert told == [
        "Outside the guarantee: no longer listed is “the plan”.",
        "Outside the guarantee: newly listed is “the weather”.",
    ]


def find_part(start: str, end: str) -> str:
    return SMALL[SMALL.index(start) : SMALL.index(end)]


def test_new_and_missing_frames_and_tables_are_told(tmp_path: Path) -> None:
    frame = find_part("[frames.calls]", '[[tables]]\nname = "victims"')
    table = find_part('[[tables]]\nname = "calls"', '[[tables]]\nname = "silent"')
    without = SMALL.replace(frame, "").replace(table, "")
    assert [(one.touches, one.sentence) for one in compare(tmp_path, without)] == [
        (GUARANTEE, "Frame calls is taken out."),
        (CONTENT, "Table calls is taken out."),
    ]
    assert [(one.touches, one.sentence) for one in compare(tmp_path, SMALL, without)] == [
        (
            GUARANTEE,
            "Frame calls is new: aggregate, activity, annual, bound 1, down to state, by nothing.",
        ),
        (CONTENT, "Table calls is new: “Calls (calls)”, level state, by nothing, weight 1."),
    ]


def test_a_frame_that_is_switched_off_or_on_is_told(tmp_path: Path) -> None:
    off, on = compare(tmp_path, CALLS_OFF), compare(tmp_path, SMALL, CALLS_OFF)
    assert (off[0].touches, on[0].touches) == (GUARANTEE, GUARANTEE)
    assert off[0].sentence == (
        "Frame calls is switched off: nothing is read or measured of it, and it costs nothing."
    )
    assert on[0].sentence == "Frame calls is switched on: it is measured, and costs budget."
    assert any("why it is not released: “Not released: too few.”" in one.sentence for one in off)


def test_a_bound_of_a_frame_that_is_switched_off_is_told(tmp_path: Path) -> None:
    wider = CALLS_OFF.replace('bound = 1\nreason = "One call', 'bound = 2\nreason = "One call')
    (change,) = compare(tmp_path, wider, CALLS_OFF)
    assert change.sentence == "Frame calls: its bound for one identity is 2 instead of 1."


def test_new_and_missing_dimensions_and_levels_are_told(tmp_path: Path) -> None:
    added = '[levels.town]\ntitle = "Town"\n\n[dimensions.age]\ntitle = "Age"\n\n[frames.victims]'
    text = SMALL.replace("[frames.victims]", added)
    assert {one.sentence for one in compare(tmp_path, text)} == {
        "Level town: its title is Town instead of nothing said.",
        "Dimension age: its title is Age instead of nothing said.",
    }
    assert {one.sentence for one in compare(tmp_path, SMALL, text)} == {
        "Level town is taken out.",
        "Dimension age is taken out.",
    }


def test_another_order_of_tables_is_told(tmp_path: Path) -> None:
    table = find_part('[[tables]]\nname = "calls"', '[[tables]]\nname = "silent"')
    moved = SMALL.replace(table, "") + table
    assert [one.sentence for one in compare(tmp_path, moved)] == ["Tables: their order is another."]


def test_the_guarantee_comes_first_and_words_last(tmp_path: Path) -> None:
    text = SMALL.replace("version = 3", "version = 4").replace("weight = 2", "weight = 4")
    touched = [one.touches for one in compare(tmp_path, text.replace("signers = 1", "signers = 2"))]
    assert touched == [GUARANTEE, CONTENT, WORDS]


def test_other_places_touch_the_guarantee(tmp_path: Path) -> None:
    old, new = (
        load_policy(write_policy(tmp_path, SMALL.replace("bound_squared = 7", bound)))
        for bound in ("bound_squared = 9\nplaces = 2", "bound_squared = 19\nplaces = 3")
    )
    said = {change.sentence: change.touches for change in describe_changes(old, new)}
    assert said == {
        "Frame pairs: its bound for one identity is 19 instead of 9.": GUARANTEE,
        "Frame pairs: the records that may ever take one child are 3 instead of 2.": GUARANTEE,
    }


def test_what_becomes_declared_public_is_told_first(tmp_path: Path) -> None:
    told = compare(tmp_path, SMALL + DECLARED)
    assert told[0] == Change(
        GUARANTEE,
        "Public totals of courts are new: by courts/1 they pass as delivered, without noise. "
        "Anybody may count them.",
    )


@pytest.mark.parametrize(
    ("old", "new", "touches", "sentence"),
    [
        ("courts/1", "courts/2", GUARANTEE, "they pass by contract courts/2 instead of courts/1."),
        ("Anybody may", "All may", WORDS, "they are public because of “All may count them.”"),
        ('public = "filed"', 'public = "ended"', GUARANTEE, "as declared public, ended instead of"),
    ],
)
def test_a_change_of_what_is_declared_public_is_said(
    tmp_path: Path, old: str, new: str, touches: str, sentence: str
) -> None:
    (change,) = compare(tmp_path, SMALL + DECLARED.replace(old, new), SMALL + DECLARED)
    assert change.touches == touches
    assert sentence in change.sentence


def test_what_is_no_longer_declared_public_is_said(tmp_path: Path) -> None:
    told = compare(tmp_path, SMALL, SMALL + DECLARED)
    assert Change(GUARANTEE, "Public totals of courts are taken out.") in told
