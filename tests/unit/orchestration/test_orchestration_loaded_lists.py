"""The state's lists are loaded once, and again where they or the rules are not what they were."""

import json
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from orchestration.hub.settings import Settings
from orchestration.steps import dbt_steps
from orchestration.steps.dbt_steps import CORE, STAGING, DbtOutcome, read_test_outcomes
from sources.quarters import Quarter

QUARTER = Quarter(2025, 1)
LIST, OF_LIST, OF_BOTH = "seed.moshare.county", "test.moshare.one_row.1", "test.moshare.listed.1"
MODEL = "model.moshare.int_a"
STATUS = {LIST: "success", OF_LIST: "pass", MODEL: "success", OF_BOTH: "pass"}
READS = {OF_LIST: [LIST], OF_BOTH: [LIST, MODEL]}


class Dbt:
    """Loads one list, unless it is left out, and tells how each node ended."""

    def __init__(self) -> None:
        self.left_out: list[Sequence[str]] = []
        self.failed: set[str] = set()
        self.silent: set[str] = set()

    def __call__(self, _step, left_out, _quarter, _released, settings: Settings, _lock) -> str:
        self.left_out.append(left_out)
        nodes = [MODEL, OF_BOTH] if left_out else [LIST, OF_LIST, MODEL, OF_BOTH]
        if not left_out:
            change(settings, "create or replace table reference.county as select 'Boone' as key")
        told = [
            {
                "unique_id": node,
                "status": "fail" if node in self.failed else STATUS[node],
                "compiled_code": "",
                "reads": READS.get(node, []),
                "test": None,
            }
            for node in nodes
            if node not in self.silent
        ]
        settings.vault.dbt_target.mkdir(parents=True, exist_ok=True)
        settings.vault.dbt_results.write_text(json.dumps(told))
        return "dbt/logs/it.txt"


def change(settings: Settings, statement: str) -> None:
    with duckdb.connect(str(settings.vault.warehouse)) as connection:
        connection.execute("create schema if not exists reference")
        connection.execute(statement)


def run(settings: Settings, quarter: Quarter = QUARTER) -> DbtOutcome:
    return dbt_steps.run_dbt_step(STAGING, quarter, settings)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(dbt_steps, "check_kept_rows", lambda _: None)
    settings = Settings(tmp_path)
    settings.vault.folder.mkdir()
    return settings


@pytest.fixture
def dbt(monkeypatch: pytest.MonkeyPatch) -> Dbt:
    made_up = Dbt()
    monkeypatch.setattr(dbt_steps, "_call_dbt", made_up)
    return made_up


def test_lists_that_lie_there_as_they_were_loaded_are_left_out_and_told_of(
    settings: Settings, dbt: Dbt
) -> None:
    first, later = run(settings), run(settings, Quarter(2025, 2))
    assert dbt.left_out == [(), ("--exclude", "resource_type:seed")]
    assert first.built == later.built == (LIST, MODEL)
    assert first.tests == later.tests == {OF_LIST: True, OF_BOTH: True}
    assert read_test_outcomes(Quarter(2025, 2), settings) == {"one_row": True, "listed": True}


@pytest.mark.parametrize(
    "statement",
    [
        "update reference.county set key = 'Cole'",
        "insert into reference.county values ('Boone')",
        "delete from reference.county",
        "drop table reference.county",
        "alter table reference.county rename key to name",
        "create table reference.other as select 1 as key",
    ],
)
def test_lists_that_are_not_what_was_loaded_are_loaded_again(
    settings: Settings, dbt: Dbt, statement: str
) -> None:
    run(settings)
    change(settings, statement)
    run(settings)
    assert dbt.left_out == [(), ()]


def test_lists_are_loaded_again_by_other_rules(settings: Settings, dbt: Dbt, monkeypatch) -> None:
    run(settings)
    monkeypatch.setattr(dbt_steps.built_rules, "hash_rules", lambda _: "others")
    run(settings)
    assert dbt.left_out == [(), ()]


@pytest.mark.parametrize("note", [None, "", "{}", "[]", '{"rules": "'])
def test_lists_are_loaded_again_where_no_whole_note_of_them_lies(
    settings: Settings, dbt: Dbt, note: str | None
) -> None:
    run(settings)
    place = settings.vault.built_rules("lists")
    place.unlink() if note is None else place.write_text(note)
    run(settings)
    assert dbt.left_out == [(), ()]


def test_lists_are_loaded_again_into_a_new_warehouse(settings: Settings, dbt: Dbt) -> None:
    run(settings)
    settings.vault.warehouse.unlink()
    run(settings)
    assert dbt.left_out == [(), ()]


@pytest.mark.parametrize(("node", "again"), [(LIST, True), (OF_LIST, True), (OF_BOTH, False)])
def test_lists_of_which_a_test_failed_are_loaded_again(
    settings: Settings, dbt: Dbt, node: str, again: bool
) -> None:
    dbt.failed = {node}
    run(settings)
    run(settings)
    assert (dbt.left_out[1] == ()) is again


@pytest.mark.parametrize("silent", [{LIST, OF_LIST}, {LIST, OF_LIST, MODEL, OF_BOTH}])
def test_lists_that_dbt_did_not_tell_of_are_loaded_again(
    settings: Settings, dbt: Dbt, silent: set[str]
) -> None:
    """What lies there may be of other rules."""
    dbt.silent = silent
    run(settings)
    run(settings)
    assert dbt.left_out == [(), ()]


def test_only_staging_has_lists(settings: Settings, dbt: Dbt) -> None:
    run(settings)
    dbt_steps.run_dbt_step(CORE, QUARTER, settings)
    assert dbt.left_out == [(), ()]
