import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from expectations.digest import digest_release_input
from orchestration.guards import built_rules
from orchestration.guards.rules import hash_rules
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import Settings
from orchestration.steps import dbt_steps
from orchestration.steps.dbt_steps import (
    CORE,
    RELEASE_INPUT,
    read_test_outcomes,
    read_tested_digest,
    run_dbt_step,
)
from sources.quarters import Quarter

QUARTER = Quarter(2025, 1)
RULES = "test.moshare.rules_of_arrests.1"
TESTS = {
    RULES: {
        "name": "assert_rules_hold",
        "arguments": {"frame": "arrests", "rules": {"assert_more": {"not_null": {}}}},
    }
}
NAMES = {
    "assert_arrests_in_quarter_has_one_row_per_quarter_and_unit",
    "assert_arrests_in_quarter_quarter_start_begins_a_quarter",
    "assert_arrests_in_quarter_state_is_a_public_key",
    "assert_more",
}
"""The rules of the table: those of its frame, and what no frame says."""


def fake_dbt(results: dict[str, str] | None, compiled: str = ""):
    def call(_step, _left_out, _quarter, _released, settings: Settings, _lock: int) -> str:
        if results is not None:
            content = [
                {
                    "unique_id": node,
                    "status": state,
                    "compiled_code": compiled,
                    "test": TESTS.get(node),
                }
                for node, state in results.items()
            ]
            settings.vault.dbt_target.mkdir(parents=True, exist_ok=True)
            settings.vault.dbt_results.write_text(json.dumps(content))
        return "dbt/logs/2025Q1-core.txt"

    return call


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(dbt_steps, "check_kept_rows", lambda _: None)
    settings = Settings(tmp_path)
    settings.vault.folder.mkdir()
    return settings


def test_models_are_told_in_the_order_in_which_they_were_built(settings, monkeypatch) -> None:
    results = {
        "model.moshare.b": "success",
        "test.moshare.t.1": "pass",
        "model.moshare.a": "success",
    }
    monkeypatch.setattr(dbt_steps, "_call_dbt", fake_dbt(results))
    outcome = run_dbt_step(CORE, QUARTER, settings)
    assert outcome.built == ("model.moshare.b", "model.moshare.a")
    assert outcome.tests == {"test.moshare.t.1": True}
    assert outcome.unbuilt == ()


@pytest.mark.parametrize("state", ["fail", "error", "skipped", "warn"])
def test_a_test_that_did_not_pass_counts_as_failed(settings, monkeypatch, state: str) -> None:
    monkeypatch.setattr(dbt_steps, "_call_dbt", fake_dbt({"test.moshare.t.1": state}))
    assert run_dbt_step(CORE, QUARTER, settings).tests == {"test.moshare.t.1": False}
    assert read_test_outcomes(QUARTER, settings) == {"t": False}


def test_a_dbt_that_died_leaves_no_outcome_of_an_earlier_call(settings, monkeypatch) -> None:
    monkeypatch.setattr(dbt_steps, "_call_dbt", fake_dbt({"test.moshare.t.1": "pass"}))
    run_dbt_step(CORE, QUARTER, settings)
    monkeypatch.setattr(dbt_steps, "_call_dbt", lambda *_: "dbt/logs/it.txt")
    with pytest.raises(OrchestrationError, match="MS902"):
        run_dbt_step(CORE, QUARTER, settings)
    assert read_test_outcomes(QUARTER, settings) == {}


def test_a_model_that_was_not_built_stops_the_release(settings, monkeypatch) -> None:
    monkeypatch.setattr(dbt_steps, "_call_dbt", fake_dbt({"model.moshare.children": "skipped"}))
    assert run_dbt_step(CORE, QUARTER, settings).unbuilt == ("children",)
    assert read_test_outcomes(QUARTER, settings) == {"build_children": False}


@pytest.mark.parametrize("state", ["pass", "error", "skipped"])
def test_every_rule_of_a_table_is_named_also_where_its_query_failed(
    settings, monkeypatch, state: str
) -> None:
    monkeypatch.setattr(dbt_steps, "_call_dbt", fake_dbt({RULES: state}))
    assert run_dbt_step(CORE, QUARTER, settings).tests == {RULES: state == "pass"}
    assert read_test_outcomes(QUARTER, settings) == dict.fromkeys(NAMES, state == "pass")


def test_a_table_that_breaks_a_rule_names_that_rule_and_the_others_hold(
    settings, monkeypatch
) -> None:
    with duckdb.connect(str(settings.vault.warehouse)) as connection:
        connection.execute("create table t as select unnest($1) as rule", [sorted(NAMES)])
    query = "select rule, rule <> 'assert_more' as holds from t"
    monkeypatch.setattr(dbt_steps, "_call_dbt", fake_dbt({RULES: "fail"}, query))
    outcome = run_dbt_step(CORE, QUARTER, settings)
    assert outcome.tests == {RULES: False}
    assert read_test_outcomes(QUARTER, settings) == {name: name != "assert_more" for name in NAMES}


def test_all_rules_are_broken_where_their_names_cannot_be_asked_for(settings, monkeypatch) -> None:
    with duckdb.connect(str(settings.vault.warehouse)):
        pass
    monkeypatch.setattr(dbt_steps, "_call_dbt", fake_dbt({RULES: "fail"}, "select * from gone"))
    run_dbt_step(CORE, QUARTER, settings)
    assert read_test_outcomes(QUARTER, settings) == dict.fromkeys(NAMES, False)


def test_it_is_noted_which_rows_of_release_input_were_tested(
    settings, monkeypatch, release
) -> None:
    assert read_tested_digest(QUARTER, settings) == ""
    release()
    make_inputs(settings, QUARTER)
    with duckdb.connect(str(settings.vault.warehouse)) as connection:
        connection.execute("create schema release_input")
        connection.execute(
            "create table release_input.arrests as "
            "select date '2025-01-01' as quarter_start, 'a' as unit_id"
        )
    monkeypatch.setattr(dbt_steps, "_call_dbt", fake_dbt({"test.moshare.t.1": "pass"}))
    outcome = run_dbt_step(RELEASE_INPUT, QUARTER, settings)
    with duckdb.connect(str(settings.vault.warehouse)) as connection:
        assert outcome.digest == digest_release_input(connection, QUARTER.first_day)
    assert read_tested_digest(QUARTER, settings) == outcome.digest


def test_results_of_an_earlier_step_are_never_taken_for_those_of_this_one(
    settings, monkeypatch
) -> None:
    monkeypatch.setattr(dbt_steps, "_call_dbt", fake_dbt({"model.moshare.a": "success"}))
    run_dbt_step(CORE, QUARTER, settings)
    monkeypatch.setattr(dbt_steps, "_call_dbt", fake_dbt(None))
    with pytest.raises(OrchestrationError, match="MS902"):
        run_dbt_step(CORE, QUARTER, settings)


def make_inputs(settings: Settings, quarter: Quarter, *released: Quarter) -> None:
    """Note that all before release input was made by the rules of now, after such releases."""
    making = built_rules.Making.now(hash_rules(settings), quarter, released)
    for step in (built_rules.STAGING, built_rules.CORE, built_rules.LINKAGE):
        built_rules.end_step(step, quarter, making, settings)


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have these quarters released, and no other; their rows lie there as they were."""

    def _release(*quarters: Quarter) -> None:
        monkeypatch.setattr(dbt_steps, "find_kept_quarters", lambda _: frozenset(quarters))

    return _release


def test_what_a_release_was_drawn_from_is_never_built_again(settings, monkeypatch, release) -> None:
    make_inputs(settings, QUARTER)
    first = {"model.moshare.children_reported": "success", "test.moshare.t.1": "pass"}
    monkeypatch.setattr(dbt_steps, "_call_dbt", fake_dbt(first))
    built = run_dbt_step(RELEASE_INPUT, QUARTER, settings)
    monkeypatch.setattr(dbt_steps, "_call_dbt", fake_dbt({"test.moshare.t.1": "fail"}))
    for quarters in ([QUARTER], [QUARTER, QUARTER.next()]):
        release(*quarters)
        again = run_dbt_step(RELEASE_INPUT, QUARTER, settings)
        assert (list(again.built), again.tests) == (list(built.built), built.tests)
        assert read_test_outcomes(QUARTER, settings) == {"t": True}


@pytest.mark.parametrize("left", [None, "", "{}"])
def test_rows_of_a_release_are_not_built_again_where_the_outcome_of_then_is_lost(
    settings, monkeypatch, release, left: str | None
) -> None:
    called: list[object] = []
    monkeypatch.setattr(dbt_steps, "_call_dbt", lambda *given: called.append(given))
    make_inputs(settings, QUARTER)
    record = settings.vault.dbt_outcomes(str(QUARTER)) / "release_input.json"
    if left is not None:
        record.parent.mkdir(parents=True)
        record.write_text(left, "utf-8")
    release(QUARTER)
    with pytest.raises(OrchestrationError, match=r"MS923.*2025Q1"):
        run_dbt_step(RELEASE_INPUT, QUARTER, settings)
    assert called == []


@pytest.mark.parametrize(
    ("released", "told"),
    [
        ((), ""),
        (("2024Q4", "2024Q2"), "2024-04-01,2024-10-01"),
        (("2025Q1",), "2025-01-01"),
    ],
)
def test_dbt_is_told_which_quarters_were_released(
    settings, monkeypatch, release, released: tuple[str, ...], told: str
) -> None:
    release(*map(Quarter.parse, released))
    environment: dict[str, str] = {}
    monkeypatch.setattr(dbt_steps.KEPT, "call", lambda call, *_: environment.update(call.variables))
    with pytest.raises(OrchestrationError, match="MS902"):
        run_dbt_step(CORE, QUARTER, settings)
    assert environment["MOSHARE_QUARTER_START"] == "2025-01-01"
    assert environment["MOSHARE_RELEASED_QUARTERS"] == told


def test_rows_are_never_built_after_a_later_quarter_was_released(
    settings, monkeypatch, release
) -> None:
    later = Quarter(2025, 3)
    make_inputs(settings, QUARTER)
    called: list[object] = []
    monkeypatch.setattr(dbt_steps, "_call_dbt", lambda *given: called.append(given))
    release(Quarter(2024, 4), later)
    with pytest.raises(OrchestrationError, match=r"MS928.*2025Q1.*2025Q3") as caught:
        run_dbt_step(RELEASE_INPUT, QUARTER, settings)
    assert caught.value.exit_code == 5
    assert called == []


def test_rows_are_not_built_upon_links_from_before_another_release(
    settings, monkeypatch, release
) -> None:
    other = Quarter(2024, 4)
    make_inputs(settings, QUARTER)
    monkeypatch.setattr(dbt_steps, "_call_dbt", fake_dbt({"model.moshare.a": "success"}))
    release(other)
    with pytest.raises(OrchestrationError, match=r"MS927.*know of none.*released are 2024Q4"):
        run_dbt_step(RELEASE_INPUT, QUARTER, settings)
    make_inputs(settings, QUARTER, other)
    assert run_dbt_step(RELEASE_INPUT, QUARTER, settings).built == ("model.moshare.a",)


def test_other_steps_of_a_released_quarter_are_built_again(settings, monkeypatch, release) -> None:
    release(QUARTER, QUARTER.next())
    for state in ("pass", "fail"):
        monkeypatch.setattr(dbt_steps, "_call_dbt", fake_dbt({"test.moshare.t.1": state}))
        assert run_dbt_step(CORE, QUARTER, settings).tests == {"test.moshare.t.1": state == "pass"}
