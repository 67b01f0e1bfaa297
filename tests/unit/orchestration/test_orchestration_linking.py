"""Linking quarter after quarter from the warehouse, and what stays once one is released."""

from pathlib import Path

import duckdb
import pytest

from orchestration import linking
from orchestration.linking import link_quarter
from orchestration.settings import Settings
from sources.quarters import Quarter

FIRST, SECOND, THIRD = Quarter(2025, 1), Quarter(2025, 2), Quarter(2025, 3)

STAGING = """
create schema staging;
create table staging.stg_mshp__victims (
    victim_key varchar, known_quarter_start date, is_juvenile_trafficking_victim boolean
);
create table staging.stg_mshp__tokens (record_key varchar, token varchar);
create table staging.stg_dss__child_reports (
    child_id varchar, known_quarter_start date, is_sex_trafficking_alleged boolean, is_child boolean
);
create table staging.stg_dss__tokens (record_key varchar, token varchar);
insert into staging.stg_mshp__victims values
    ('v1', '2025-01-01', true), ('v2', '2025-01-01', true), ('v3', '2025-04-01', true),
    ('v4', '2025-07-01', true), ('adult', '2025-01-01', false);
insert into staging.stg_mshp__tokens select unnest(['v1', 'v2', 'v3', 'v4', 'adult']), 'a';
insert into staging.stg_dss__child_reports values
    ('c1', '2025-04-01', true, true), ('c2', '2025-01-01', false, true),
    ('c3', '2025-01-01', true, false), ('c4', '2025-07-01', true, true);
insert into staging.stg_dss__tokens select unnest(['c1', 'c2', 'c3', 'c4']), 'a';
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(tmp_path)
    made.vault.mkdir()
    with duckdb.connect(str(made.warehouse)) as warehouse:
        warehouse.execute(STAGING)
    return made


def links(quarter: Quarter, settings: Settings) -> list[tuple[object, ...]]:
    path = settings.vault / "linkage" / str(quarter) / "links.parquet"
    found = duckdb.read_parquet(str(path)).project("victim_key, child_id, has_place")
    return sorted(found.fetchall(), key=str)


def change(settings: Settings, statement: str) -> None:
    with duckdb.connect(str(settings.warehouse)) as warehouse:
        warehouse.execute(statement)


def test_each_quarter_links_its_own_records_to_children_known_by_its_end(settings) -> None:
    for quarter in (FIRST, SECOND, THIRD):
        link_quarter(quarter, settings)
    assert links(FIRST, settings) == [("v1", None, True), ("v2", None, True)]
    assert links(SECOND, settings) == [
        ("v1", "c1", True),
        ("v2", "c1", True),
        ("v3", "c1", False),
    ]
    assert links(THIRD, settings) == [("v4", "c1", False)]


def test_linking_a_quarter_again_gives_the_same_links(settings) -> None:
    link_quarter(FIRST, settings)
    link_quarter(SECOND, settings)
    before = links(FIRST, settings)
    link_quarter(FIRST, settings)
    assert links(FIRST, settings) == before


def test_links_of_a_released_quarter_stay_whatever_is_delivered(settings, monkeypatch) -> None:
    link_quarter(FIRST, settings)
    before = links(FIRST, settings)
    change(settings, "delete from staging.stg_mshp__victims where victim_key = 'v1'")
    monkeypatch.setattr(linking, "find_kept_quarters", lambda _: frozenset({FIRST}))
    link_quarter(FIRST, settings)
    assert links(FIRST, settings) == before
    monkeypatch.setattr(linking, "find_kept_quarters", lambda _: frozenset())
    link_quarter(FIRST, settings)
    assert links(FIRST, settings) != before


def test_a_quarter_linked_late_leaves_the_places_of_a_later_one_that_was_released(
    settings, monkeypatch
) -> None:
    change(settings, "insert into staging.stg_mshp__victims values ('v5', '2025-04-01', true)")
    change(settings, "insert into staging.stg_mshp__tokens values ('v5', 'a')")
    link_quarter(SECOND, settings)
    monkeypatch.setattr(linking, "find_kept_quarters", lambda _: frozenset({SECOND}))
    link_quarter(FIRST, settings)
    assert [has_place for _, _, has_place in links(FIRST, settings)] == [False, False]
