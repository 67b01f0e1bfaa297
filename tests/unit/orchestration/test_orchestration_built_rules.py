"""Rows and links know of every quarter that was released before theirs, or are refused."""

from pathlib import Path

import pytest

from orchestration.guards.built_rules import (
    CORE,
    LINKAGE,
    RELEASE_INPUT,
    STAGING,
    Making,
    begin_step,
    end_step,
    require_made,
)
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import Settings
from sources.quarters import Quarter

Q1, Q2, Q3 = Quarter(2025, 1), Quarter(2025, 2), Quarter(2025, 3)
STEPS = (STAGING, CORE, LINKAGE, RELEASE_INPUT)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path)


def make(settings: Settings, quarter: Quarter, *released: Quarter) -> Making:
    for step in STEPS:
        making = begin_step(step, quarter, released, settings)
        end_step(step, quarter, making, settings)
    return making


def test_what_a_quarter_is_made_after_are_the_releases_before_it() -> None:
    assert Making.now("r", Q2, {Q3, Q2, Q1}) == Making("r", ("2025Q1",))


@pytest.mark.parametrize("step", [LINKAGE, RELEASE_INPUT])
def test_what_was_made_before_another_release_is_not_released(settings, step: str) -> None:
    made = make(settings, Q3, Q1)
    require_made(step, Q3, made, settings)
    now = Making.now(made.rules, Q3, {Q1, Q2})
    with pytest.raises(
        OrchestrationError, match=r"MS927.*2025Q3.*know of 2025Q1, and released are 2025Q1, 2025Q2"
    ) as caught:
        require_made(step, Q3, now, settings)
    assert caught.value.exit_code == 4


def test_what_was_made_before_any_release_says_so(settings) -> None:
    made = make(settings, Q2)
    with pytest.raises(OrchestrationError, match=r"MS927.*know of none, and released are 2025Q1"):
        require_made(LINKAGE, Q2, Making.now(made.rules, Q2, {Q1}), settings)
    earlier = make(settings, Q2, Q1)
    with pytest.raises(OrchestrationError, match=r"MS927.*know of 2025Q1, and released are none"):
        require_made(LINKAGE, Q2, Making.now(earlier.rules, Q2, ()), settings)


@pytest.mark.parametrize("step", [STAGING, CORE])
def test_tables_of_all_quarters_do_not_depend_on_what_was_released(settings, step: str) -> None:
    made = make(settings, Q3, Q1)
    require_made(step, Q3, Making.now(made.rules, Q3, {Q1, Q2}), settings)


def test_rows_are_not_built_upon_links_from_before_another_release(settings) -> None:
    make(settings, Q3, Q1)
    with pytest.raises(OrchestrationError, match="MS927"):
        begin_step(RELEASE_INPUT, Q3, {Q1, Q2}, settings)
    making = begin_step(LINKAGE, Q3, {Q1, Q2}, settings)
    end_step(LINKAGE, Q3, making, settings)
    assert begin_step(RELEASE_INPUT, Q3, {Q1, Q2}, settings) == making


def test_a_release_of_a_quarter_leaves_what_it_was_made_from_as_it_is(settings) -> None:
    making = make(settings, Q2, Q1)
    require_made(RELEASE_INPUT, Q2, Making.now(making.rules, Q2, {Q1, Q2, Q3}), settings)


@pytest.mark.parametrize("step", STEPS)
def test_what_was_made_in_a_way_that_is_not_known_was_made_by_no_rules(settings, step: str) -> None:
    made = make(settings, Q2)
    for note in (settings.vault.folder / "rules").iterdir():
        note.write_text("not a note", "utf-8")
    with pytest.raises(OrchestrationError, match=f"MS933.*{step}"):
        require_made(step, Q2, made, settings)
