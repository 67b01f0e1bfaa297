"""What dbt does when its surroundings are not as they should be: nothing, or as if they were."""

from __future__ import annotations

from pathlib import Path

import pytest
from dbt_records import deliver_first_quarter
from dbt_vault import EVERYTHING, Vault, copy_project, release_rows

from orchestration.guards import built_rules
from orchestration.hub.settings import Settings
from orchestration.steps.dbt_steps import CORE, RELEASE_INPUT, STAGING, run_dbt_step
from sources.quarters import Quarter

FIRST = "2025-07-01"
HOSTILE = {
    "DBT_EMPTY": "true",
    "DBT_FULL_REFRESH": "true",
    "DBT_SAMPLE": "1 day",
    "DBT_TARGET": "lint",
    "DBT_EXCLUDE_RESOURCE_TYPES": "test",
    "DBT_STATE": "/elsewhere",
    "DBT_DEFER": "true",
}


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    """A vault in which 2025Q3 was built."""
    vault = Vault(tmp_path_factory.mktemp("surroundings") / "vault")
    deliver_first_quarter(vault)
    vault.build(*EVERYTHING, quarter="2025Q3")
    return vault


def test_no_model_and_no_test_runs_where_the_engine_could_not_be_sealed(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault")
    deliver_first_quarter(vault)
    project = copy_project(tmp_path)
    seal = project / "macros" / "seal.sql"
    broken = seal.read_text("utf-8").replace("set lock_configuration", "set no_configuration")
    seal.write_text(broken, "utf-8")
    selected = ("--select", "int_deliveries", "int_tokens", "state")
    outcome = vault.dbt("build", *selected, project=project)
    hooks = {node: how for node, how in outcome.items() if node.startswith("operation.")}
    assert "error" in hooks.values()
    nodes = {node: how for node, how in outcome.items() if node not in hooks}
    assert len(nodes) > 2
    assert set(nodes.values()) == {"skipped"}


def test_a_dbt_that_was_not_given_the_bounds_compiles_nothing_that_keeps_them(
    tmp_path: Path,
) -> None:
    vault = Vault(tmp_path / "vault")
    deliver_first_quarter(vault)
    vault.variables = {}
    outcome = vault.dbt("run", "--select", "report_choices")
    assert outcome["model.moshare.report_choices"] == "error"
    said = " ".join(vault.said.split())
    assert "for bound_reports was not given" in said
    assert "privacy/policy.toml" in said


def test_what_earlier_quarters_were_counted_from_survives_a_full_refresh(
    quarter: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = release_rows(quarter, FIRST)
    assert any(before.values())
    monkeypatch.setenv("DBT_FULL_REFRESH", "true")
    models = ("children_counted", "children_reported", "arrests_in_quarter", "hotline_cases")
    quarter.build(*models, quarter="2025Q4", released=["2025Q3"])
    assert release_rows(quarter, FIRST) == before


def test_a_step_takes_no_setting_of_dbt_from_its_surroundings(
    tmp_path: Path, quarter: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = release_rows(quarter, FIRST)
    vault = Vault(tmp_path / "vault")
    deliver_first_quarter(vault)
    for name, text in HOSTILE.items():
        monkeypatch.setenv(name, text)
    settings, third = Settings(tmp_path), Quarter(2025, 3)
    for step in (STAGING, CORE):
        assert not run_dbt_step(step, third, settings).unbuilt
    rules = built_rules.begin_step(built_rules.LINKAGE, third, (), settings)
    built_rules.end_step(built_rules.LINKAGE, third, rules, settings)
    outcome = run_dbt_step(RELEASE_INPUT, third, settings)
    assert outcome.tests
    assert release_rows(vault, FIRST) == before


def test_a_kept_process_builds_a_step_as_often_as_it_is_asked(quarter: Vault) -> None:
    settings = Settings(quarter.folder.parent)
    first, second = (run_dbt_step(STAGING, Quarter(2025, 3), settings) for _ in range(2))
    assert not (*first.unbuilt, *second.unbuilt)
    assert sorted(second.built) == sorted(first.built)
