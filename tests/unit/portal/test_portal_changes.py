"""CHANGES.md: what a release says of the one before, from its own facts."""

import json
import re
from dataclasses import replace

from portal_examples import make_example

from portal.changes import describe_changes
from privacy.publishing.recalled import read_release
from privacy.released import PreviousRelease, Release


def follow(release: Release, before: Release) -> str:
    return describe_changes(replace(release, previous=PreviousRelease.of(before)))


def test_the_first_release_has_nothing_to_compare(release: Release) -> None:
    text = describe_changes(release)
    assert text.startswith("# What changed with release 2025Q1\n")
    assert "SIMULATED DATA" in text
    assert "This is the first release." in text


def test_a_real_release_has_no_word_of_simulation(real_release: Release) -> None:
    assert "SIMULATED" not in describe_changes(real_release)


def test_the_same_tables_under_the_same_policy_are_said_to_be_the_same(release: Release) -> None:
    text = follow(release, replace(release, release_id="2024Q4"))
    assert "Compared with release 2024Q4" in text
    assert "The policy is the same: version 1, reviewed on 2026-01-15." in text
    assert "The same tables, with the same meaning." in text


def test_another_policy_is_named_with_both_versions(release: Release) -> None:
    before = replace(release, plan=replace(release.plan, policy_version=7, policy_hash="0" * 64))
    assert "The policy changed from version 7 to version 1" in follow(release, before)


def test_new_lost_and_redefined_tables_are_named(release: Release) -> None:
    redefined = replace(release.tables[0], definition="Something else.")
    lost = replace(release.tables[1], name="children_by_hair")
    before = replace(release, tables=(redefined, lost, *release.tables[2:]))
    text = follow(release, before)
    assert "* New: children_by_sex, Title of children_by_sex (children)" in text
    assert "* No longer published: children_by_hair" in text
    assert "* Redefined: reports" in text
    assert "hotline" not in text[: text.index("## Numbers")]


def test_other_numbers_and_another_period_are_no_redefinition(release: Release) -> None:
    table = release.tables[0]
    rows = tuple(replace(row, estimate=7.0, count=7) for row in table.rows)
    other = replace(table, period="2024Q4", rows=rows)
    before = replace(release, tables=(other, *release.tables[1:]))
    assert "The same tables, with the same meaning." in follow(release, before)


def test_annual_tables_come_and_go_without_being_new_or_lost() -> None:
    fourth, first = make_example("2025Q4"), make_example("2026Q1")
    for text in (follow(fourth, make_example("2025Q3")), follow(first, fourth)):
        assert "* Once a year, with the fourth quarter: children_in_year_by_county" in text
        assert "New: children_in_year" not in text
        assert "No longer published: children_in_year" not in text


def test_what_is_not_recorded_of_the_release_before_is_not_guessed() -> None:
    text = describe_changes(make_example("2025Q1"))
    assert "That of the release before is not recorded here." in text
    assert "Which tables the release before had is not recorded here." in text


def test_every_number_stands_beside_those_before_it_with_how_sure_its_change_is() -> None:
    text = describe_changes(make_example("2025Q1"))
    assert "| table | row | now | before | noise alone | noise and chance | verdict |" in text
    (line,) = [
        line
        for line in text.splitlines()
        if line.startswith("| Reports to Children") and "2024Q4: " in line
    ]
    assert "| 2025Q1: about " in line
    assert re.search(r"\| [\d.]+.% \| [\d.]+.% \| ", line)
    assert "changes are called real." in text
    assert "| Incidents known to police with a child victim (incidents) | Strict | " in text


def test_a_previous_release_is_read_back_as_it_was_written(release: Release) -> None:
    later = replace(release, previous=PreviousRelease.of(release))
    assert read_release(json.loads(later.to_json())) == later
