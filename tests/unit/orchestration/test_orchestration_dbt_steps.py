import json
import subprocess
from pathlib import Path

import pytest

from orchestration import built_rules, dbt_steps
from orchestration.dbt_steps import CORE, RELEASE_INPUT, read_test_outcomes, run_dbt_step
from orchestration.errors import OrchestrationError
from orchestration.rules import hash_rules
from orchestration.settings import Settings
from sources.quarters import Quarter

QUARTER = Quarter(2025, 1)


def fake_dbt(results: dict[str, str] | None):
    def call(_step, _quarter, settings: Settings, _lock: int) -> str:
        if results is not None:
            target = settings.vault / "dbt" / "target"
            target.mkdir(parents=True, exist_ok=True)
            content = [{"unique_id": node, "status": state} for node, state in results.items()]
            (target / "run_results.json").write_text(json.dumps({"results": content}))
        return "dbt/logs/2025Q1-core.txt"

    return call


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path)


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


def test_a_model_that_was_not_built_closes_the_gate(settings, monkeypatch) -> None:
    monkeypatch.setattr(dbt_steps, "_call_dbt", fake_dbt({"model.moshare.children": "skipped"}))
    assert run_dbt_step(CORE, QUARTER, settings).unbuilt == ("children",)
    assert read_test_outcomes(QUARTER, settings) == {"build_children": False}


def test_results_of_an_earlier_step_are_never_taken_for_those_of_this_one(
    settings, monkeypatch
) -> None:
    monkeypatch.setattr(dbt_steps, "_call_dbt", fake_dbt({"model.moshare.a": "success"}))
    run_dbt_step(CORE, QUARTER, settings)
    monkeypatch.setattr(dbt_steps, "_call_dbt", fake_dbt(None))
    with pytest.raises(OrchestrationError, match="MS902"):
        run_dbt_step(CORE, QUARTER, settings)


def make_inputs(settings: Settings, *quarters: Quarter) -> None:
    """Note that everything before release input was made by the rules of now."""
    for quarter in quarters:
        for step in (built_rules.STAGING, built_rules.CORE, built_rules.LINKAGE):
            built_rules.end_step(step, quarter, hash_rules(settings), settings)


def test_what_a_release_was_drawn_from_is_never_built_again(settings, monkeypatch) -> None:
    make_inputs(settings, QUARTER)
    first = {"model.moshare.children_reported": "success", "test.moshare.t.1": "pass"}
    monkeypatch.setattr(dbt_steps, "_call_dbt", fake_dbt(first))
    built = run_dbt_step(RELEASE_INPUT, QUARTER, settings)
    monkeypatch.setattr(dbt_steps, "_call_dbt", fake_dbt({"test.moshare.t.1": "fail"}))
    monkeypatch.setattr(dbt_steps, "find_kept_quarters", lambda _: frozenset({QUARTER}))
    again = run_dbt_step(RELEASE_INPUT, QUARTER, settings)
    assert (list(again.built), again.tests) == (list(built.built), built.tests)
    assert read_test_outcomes(QUARTER, settings) == {"t": True}


@pytest.mark.parametrize(
    ("kept", "first"),
    [
        ((), "2025-01-01"),
        ((QUARTER,), "2025-01-01"),
        (("2024Q4", "2024Q3"), "2024-07-01"),
        (("2024Q4", "2024Q2"), "2024-10-01"),
        (("2024Q3", "2025Q2"), "2025-01-01"),
    ],
)
def test_late_records_count_where_every_quarter_since_theirs_was_released(
    settings, monkeypatch, kept: tuple[str, ...], first: str
) -> None:
    found = frozenset(Quarter.parse(str(one)) for one in kept)
    monkeypatch.setattr(dbt_steps, "find_kept_quarters", lambda _: found)
    told = {}
    monkeypatch.setattr(subprocess, "run", lambda *_, env, **__: told.update(env))
    with pytest.raises(OrchestrationError, match="MS902"):
        run_dbt_step(CORE, QUARTER, settings)
    assert told["MOSHARE_QUARTER_START"] == "2025-01-01"
    assert told["MOSHARE_COUNTED_FROM"] == first


def deliver(settings: Settings, *quarters: str) -> None:
    for quarter in quarters:
        (settings.vault / "raw" / "dss" / quarter / "0001").mkdir(parents=True)


def test_a_year_is_not_counted_before_its_delivered_quarters_are(settings, monkeypatch) -> None:
    fourth = Quarter(2025, 4)
    monkeypatch.setattr(dbt_steps, "_call_dbt", fake_dbt({"model.moshare.a": "success"}))
    deliver(settings, "2025Q1", "2025Q3", "2025Q4")
    make_inputs(settings, Quarter(2025, 1), Quarter(2025, 3), fourth)
    with pytest.raises(OrchestrationError, match=r"MS926.*never run: 2025Q1, 2025Q3\.") as caught:
        run_dbt_step(RELEASE_INPUT, fourth, settings)
    assert caught.value.exit_code == 4
    run_dbt_step(CORE, fourth, settings)
    for number in (3, 1):
        run_dbt_step(RELEASE_INPUT, Quarter(2025, number), settings)
    assert run_dbt_step(RELEASE_INPUT, fourth, settings).built == ("model.moshare.a",)


def test_other_steps_of_a_released_quarter_are_built_again(settings, monkeypatch) -> None:
    monkeypatch.setattr(dbt_steps, "find_kept_quarters", lambda _: frozenset({QUARTER}))
    for state in ("pass", "fail"):
        monkeypatch.setattr(dbt_steps, "_call_dbt", fake_dbt({"test.moshare.t.1": state}))
        assert run_dbt_step(CORE, QUARTER, settings).tests == {"test.moshare.t.1": state == "pass"}
