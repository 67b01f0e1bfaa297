"""Linking quarter after quarter from the warehouse, and what stays once one is released."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from linkage.errors import LinkageError
from linkage.recipe import TOKEN_TYPES
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import Settings
from orchestration.steps import linking
from orchestration.steps.linking import link_quarter
from sources.quarters import Quarter

DBT_PROJECT = Path(__file__).parents[3] / "dbt_project"
FIRST, SECOND, THIRD, FOURTH = (Quarter(2025, number) for number in range(1, 5))

STAGING = """
create schema intermediate;
create schema release_input;
create table release_input.children_counted (quarter_start date, unit_id varchar);
create table release_input.juvenile_victim_records_in_year (quarter_start date, unit_id varchar);
create table intermediate.int_mshp__victims (
    victim_key varchar, known_quarter_start date, quarter_start date,
    is_trafficking_event boolean, incident_key varchar default 'i',
    sex_group varchar default 'female', lowest_age_years integer, highest_age_years integer
);
create table intermediate.int_mshp__incidents (
    incident_key varchar, incident_date date, quarter_start date
);
insert into intermediate.int_mshp__incidents values ('i', '2025-01-09', '2025-01-01');
create table intermediate.int_tokens (
    agency varchar, record_key varchar, token varchar, delivery_quarter_start date,
    name_year_token varchar, name_token varchar, part_tokens varchar[]
);
create table intermediate.int_dss__child_reports (
    child_id varchar, report_date date, known_quarter_start date, quarter_start date,
    is_trafficking_event boolean, event_date date, sex_group varchar default 'female',
    birth_date date, age_years integer
);
insert into intermediate.int_mshp__victims
    (victim_key, known_quarter_start, quarter_start, is_trafficking_event)
select col0, col1, col1, col2 from (values
    ('v1', date '2025-01-01', true), ('v2', date '2025-01-01', true),
    ('v3', date '2025-04-01', true), ('v4', date '2025-07-01', true),
    ('adult', date '2025-01-01', false));
insert into intermediate.int_tokens (agency, record_key, token, delivery_quarter_start)
select 'mshp', unnest(['v1', 'v2', 'v3', 'v4', 'adult']), 'a', date '2025-01-01';
insert into intermediate.int_dss__child_reports
    (child_id, report_date, known_quarter_start, quarter_start, is_trafficking_event)
select col0, col1, col1, col1, col2 from (values
    ('c1', date '2025-04-01', true), ('c2', date '2025-01-01', false),
    ('c3', date '2025-01-01', false), ('c4', date '2025-07-01', true));
insert into intermediate.int_tokens (agency, record_key, token, delivery_quarter_start)
select 'dss', unnest(['c1', 'c2', 'c3', 'c4']), 'a', date '2025-01-01';
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(tmp_path)
    made.vault.folder.mkdir()
    with duckdb.connect(str(made.vault.warehouse)) as warehouse:
        warehouse.execute(STAGING)
    return made


def links(quarter: Quarter, settings: Settings) -> list[tuple[object, ...]]:
    path = settings.vault.links(str(quarter)) / "links.parquet"
    found = duckdb.read_parquet(str(path)).project("victim_key, child_id, has_place")
    return sorted(found.fetchall(), key=str)


def change(settings: Settings, statement: str) -> None:
    with duckdb.connect(str(settings.vault.warehouse)) as warehouse:
        warehouse.execute(statement)


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have these quarters released, and no other."""

    def _release(*quarters: Quarter) -> None:
        monkeypatch.setattr(linking, "find_kept_quarters", lambda _: frozenset(quarters))

    return _release


def test_each_quarter_links_what_was_known_by_its_end_and_no_released_quarter_noted(
    settings, release
) -> None:
    link_quarter(FIRST, settings)
    release(FIRST)
    link_quarter(SECOND, settings)
    release(FIRST, SECOND)
    link_quarter(THIRD, settings)
    assert links(FIRST, settings) == [("v1", None, True), ("v2", None, True)]
    assert links(SECOND, settings) == [
        ("v1", "c1", True),
        ("v2", "c1", True),
        ("v3", "c1", False),
    ]
    assert links(THIRD, settings) == [("v4", "c1", False)]


def test_a_quarter_after_one_that_was_passed_over_links_its_records_too(settings, release) -> None:
    link_quarter(FIRST, settings)
    release()
    link_quarter(SECOND, settings)
    assert {key for key, _, _ in links(SECOND, settings)} == {"v1", "v2", "v3"}
    assert {child for _, child, _ in links(SECOND, settings)} == {"c1"}


def test_linking_a_quarter_again_gives_the_same_links(settings) -> None:
    link_quarter(FIRST, settings)
    link_quarter(SECOND, settings)
    before = links(FIRST, settings)
    link_quarter(FIRST, settings)
    assert links(FIRST, settings) == before


def test_links_of_a_released_quarter_stay_whatever_is_delivered(settings, release) -> None:
    link_quarter(FIRST, settings)
    before = links(FIRST, settings)
    change(settings, "delete from intermediate.int_mshp__victims where victim_key = 'v1'")
    release(FIRST)
    link_quarter(FIRST, settings)
    assert links(FIRST, settings) == before
    release()
    link_quarter(FIRST, settings)
    assert links(FIRST, settings) != before


def test_a_quarter_is_never_linked_after_a_later_one_was_released(settings, release) -> None:
    link_quarter(SECOND, settings)
    release(SECOND)
    with pytest.raises(OrchestrationError, match="MS928") as refused:
        link_quarter(FIRST, settings)
    assert "2025Q1" in refused.value.sentence
    assert "2025Q2" in refused.value.sentence
    assert not settings.vault.links("2025Q1").exists()


NEW_TOKENS = """
insert into intermediate.int_mshp__victims
    (victim_key, known_quarter_start, quarter_start, is_trafficking_event)
    values ('v5', '2025-04-01', '2025-04-01', true);
insert into intermediate.int_dss__child_reports
    (child_id, report_date, known_quarter_start, quarter_start, is_trafficking_event)
    values ('c5', '2025-04-01', '2025-04-01', '2025-04-01', true);
insert into intermediate.int_tokens (agency, record_key, token, delivery_quarter_start)
    values ('mshp', 'v5', '{police}', '2025-04-01'),
    ('dss', 'c5', '{division}', '2025-04-01');
"""


def test_tokens_of_a_new_recipe_or_key_meet_each_other_and_none_that_was_noted_before(
    settings, release
) -> None:
    change(settings, "update intermediate.int_dss__child_reports set is_trafficking_event = true")
    link_quarter(FIRST, settings)
    before = links(FIRST, settings)
    release(FIRST)
    change(settings, NEW_TOKENS.format(police="k:sound:a", division="k:sound:a"))
    link_quarter(SECOND, settings)
    found = {key: child for key, child, _ in links(SECOND, settings)}
    assert found["v5"] == "c5"
    assert found["v3"] in {"c2", "c3"}
    assert links(FIRST, settings) == before


@pytest.mark.parametrize("police", ["a", "j:sound:a"])
def test_a_quarter_whose_agencies_used_two_keys_or_recipes_is_not_linked(
    settings, release, police: str
) -> None:
    change(settings, NEW_TOKENS.format(police=police, division="k:sound:a"))
    link_quarter(FIRST, settings)
    with pytest.raises(LinkageError, match="MS814"):
        link_quarter(SECOND, settings)
    assert not (settings.vault.links("2025Q2") / "links.parquet").exists()
    change(
        settings,
        "update intermediate.int_tokens set token = 'k:sound:a' where record_key = 'v5'",
    )
    link_quarter(SECOND, settings)


def test_the_model_of_tokens_takes_the_types_from_where_the_recipe_puts_them() -> None:
    model = (DBT_PROJECT / "models/intermediate/int_tokens.sql").read_text("utf-8")
    for kind in ("sound", "name_year", "name", "part"):
        number = TOKEN_TYPES.index(kind) + 2
        written = f"{{{{ token_field(1) }}}} || ':{kind}:' || {{{{ token_field({number}) }}}}"
        assert (f"part_tokens({number})" if kind == "part" else written) in model


def of_year(quarter: Quarter, settings: Settings) -> set[tuple[object, ...]]:
    path = settings.vault.links(str(quarter)) / "year.parquet"
    return set(duckdb.read_parquet(str(path)).project("unit_id, agency_pattern").fetchall())


def test_a_fourth_quarter_matches_the_children_and_records_that_its_year_counts(
    settings, release
) -> None:
    for quarter in (Quarter(2024, 4), FIRST, SECOND, THIRD):
        link_quarter(quarter, settings)
        assert of_year(quarter, settings) == set()
    change(
        settings,
        "insert into release_input.children_counted values ('2025-01-01', 'withdrawn'), "
        "('2025-04-01', 'c1'), ('2024-10-01', 'c4');"
        "insert into release_input.juvenile_victim_records_in_year values ('2024-10-01', 'v1')",
    )
    release(Quarter(2024, 4), FIRST, SECOND, THIRD)
    link_quarter(FOURTH, settings)
    assert of_year(FOURTH, settings) == {("c1", "both"), ("withdrawn", "dss_only")}


def test_what_happened_before_the_first_day_of_record_is_never_linked(settings) -> None:
    change(
        settings,
        "update intermediate.int_mshp__victims set quarter_start = '2019-01-01' "
        "where victim_key = 'v1';"
        "update intermediate.int_dss__child_reports set quarter_start = '2019-01-01' "
        "where child_id = 'c1'",
    )
    link_quarter(THIRD, settings)
    assert {(key, child) for key, child, _ in links(THIRD, settings)} == {
        ("v2", "c4"),
        ("v3", "c4"),
        ("v4", "c4"),
    }
