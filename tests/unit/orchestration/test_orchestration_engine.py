"""Which engine builds, and how what Spark built comes into the warehouse: whole or not at all."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.guards.rules import hash_rules
from orchestration.hub import engine
from orchestration.hub.diagnosis import diagnose
from orchestration.hub.engine import find_master, name_engine
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import ENGINE_VARIABLE, Settings, load_settings
from orchestration.hub.warehouse import warehouse_lock
from orchestration.steps import dbt_steps, spark_build, spark_child
from orchestration.steps.spark_build import MADE, OUTCOME, build_on_spark
from sources.quarters import Quarter

QUARTER = Quarter(2025, 2)
SECRET = "C0000SECRET"
NODES: dict[str, dict[str, Any]] = {
    "model.moshare.children": {
        "schema": "core",
        "alias": "children",
        "config": {"contract": {"enforced": True}},
        "columns": {"a": {"name": "child_id", "data_type": "varchar"}},
    },
    "model.moshare.counted": {
        "schema": "release_input",
        "alias": "counted",
        "config": {"contract": {"enforced": True}},
        "columns": {
            "a": {"name": "quarter_start", "data_type": "date"},
            "b": {
                "name": "unit_id",
                "data_type": "varchar",
                "constraints": [{"type": "not_null"}],
            },
        },
    },
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "home", engine="spark")


@pytest.fixture
def with_spark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "has_spark", lambda: True)
    monkeypatch.setattr(engine, "version", lambda name: "4.3.0")


def fill_warehouse(settings: Settings) -> None:
    settings.vault.folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(settings.vault.warehouse)) as connection:
        connection.execute("""
            create schema core;
            create schema release_input;
            create table core.children as select 'before' as child_id;
            create table release_input.counted (quarter_start date, unit_id varchar not null);
            insert into release_input.counted values ('2025-01-01', 'x'), ('2025-04-01', 'old');
        """)


def read_warehouse(settings: Settings) -> list[Any]:
    with duckdb.connect(str(settings.vault.warehouse), read_only=True) as connection:
        return [
            connection.sql("from core.children").fetchall(),
            connection.sql(
                "select quarter_start::varchar, unit_id from release_input.counted order by all"
            ).fetchall(),
        ]


def make_tables(store: Path, unit: str = "'new'", status: str = "success") -> None:
    """What a child of Spark leaves behind."""
    for table, query in (
        ("core.children", "select 'after' as child_id"),
        ("release_input.counted", f"select {unit} as unit_id, date '2025-04-01' as quarter_start"),
    ):
        (store / MADE / table).mkdir(parents=True)
        place = store / MADE / table / "part-0.parquet"
        duckdb.sql(query).write_parquet(str(place))
    (store / "target").mkdir()
    (store / "target" / "manifest.json").write_text(json.dumps({"nodes": NODES}))
    (store / OUTCOME).write_text(json.dumps(dict.fromkeys(NODES, status)))


def build(settings: Settings) -> dict[str, str]:
    told = {"select": ["x"], "reads": ["core"]}
    with warehouse_lock(settings) as lock:
        return build_on_spark(told, QUARTER, settings.vault.dbt_logs / "said.txt", settings, lock)


def leave(monkeypatch: pytest.MonkeyPatch, **made: str) -> None:
    monkeypatch.setattr(spark_build, "_run", lambda told, store, *_: make_tables(store, **made))


def test_duckdb_is_the_engine_unless_another_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENGINE_VARIABLE, raising=False)
    assert find_master(load_settings()) is None
    assert name_engine(load_settings()) == f"DuckDB {duckdb.__version__}"


@pytest.mark.parametrize(
    "name", ["Spark", "sqlite", "spark://10.0.0.7:7077", "spark://127.0.0.1:7077/x", "local[2]"]
)
def test_what_is_no_engine_or_another_machine_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(OrchestrationError, match="MS947"):
        find_master(Settings(tmp_path, engine=name))


def test_spark_that_is_not_installed_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "has_spark", lambda: False)
    with pytest.raises(OrchestrationError, match="MS948"):
        hash_rules(settings)
    told = [finding for finding in diagnose(settings) if finding.check == "engine"]
    assert [finding.ok for finding in told] == [False]


def test_the_rules_of_a_plan_name_the_engine(with_spark: None, tmp_path: Path) -> None:
    told = {hash_rules(Settings(tmp_path, engine=name)) for name in ("duckdb", "spark")}
    assert len(told) == 2


def test_a_cluster_of_this_machine_is_called_by_its_address(
    with_spark: None, tmp_path: Path
) -> None:
    address = "spark://127.0.0.1:7077"
    assert find_master(Settings(tmp_path, engine=address)) == address


def test_doctor_says_that_spark_has_no_seal(with_spark: None, settings: Settings) -> None:
    (told,) = [finding for finding in diagnose(settings) if finding.check == "engine"]
    assert told.ok
    assert "no seal" in told.sentence


def test_what_spark_built_is_taken_over_and_other_quarters_stay(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_warehouse(settings)
    leave(monkeypatch)
    assert set(build(settings).values()) == {"success"}
    assert read_warehouse(settings) == [
        [("after",)],
        [("2025-01-01", "x"), ("2025-04-01", "new")],
    ]
    assert not settings.vault.spark_stores.exists()


def test_a_table_that_does_not_fit_leaves_the_warehouse_as_before(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_warehouse(settings)
    before = read_warehouse(settings)
    leave(monkeypatch, unit=f"case when '{SECRET}' = '' then 'x' end")
    with pytest.raises(OrchestrationError, match="MS950") as refused:
        build(settings)
    assert SECRET not in str(refused.value)
    assert read_warehouse(settings) == before
    assert not settings.vault.spark_stores.exists()


def test_nothing_is_taken_over_where_a_model_was_not_built(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_warehouse(settings)
    before = read_warehouse(settings)
    leave(monkeypatch, status="error")
    assert set(build(settings).values()) == {"error"}
    assert read_warehouse(settings) == before


def test_spark_that_stops_before_its_end_leaves_the_warehouse_as_before(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_warehouse(settings)
    before = read_warehouse(settings)
    monkeypatch.setattr(spark_build, "_run", lambda *_: None)
    with pytest.raises(OrchestrationError, match="MS949"):
        build(settings)
    assert read_warehouse(settings) == before


def test_dbt_that_built_nothing_on_spark_is_no_build(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the tests of what lay there before would pass for tests of what was built."""
    fill_warehouse(settings)
    before = read_warehouse(settings)

    class Nothing:
        result = None

    class Runner:
        def __init__(self, manifest: Any = None) -> None:
            pass

        def invoke(self, words: list[str]) -> Nothing:
            return Nothing()

    def run(told: dict[str, Any], store: Path, *_: Any) -> None:
        (store / "target").mkdir()
        (store / "target" / "manifest.json").write_text(json.dumps({"nodes": NODES}))
        given = {"project": (), "variables": {"vault": ""}, "quarter_start": "2025-04-01"}
        session: Any = None
        spark_child._build(session, {**given, **told}, store)

    monkeypatch.setattr(spark_child, "name_files", lambda *_: None)
    monkeypatch.setattr("dbt.cli.main.dbtRunner", Runner)
    monkeypatch.setattr(spark_build, "_run", run)
    with pytest.raises(OrchestrationError, match="MS949"):
        build(settings)
    assert read_warehouse(settings) == before


def test_a_kill_while_tables_are_taken_over_leaves_the_warehouse_as_before(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_warehouse(settings)
    before = read_warehouse(settings)
    dies = f"""
import os, sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
import test_orchestration_engine as tests
put, done = tests.spark_build._put_table, []
def put_one(*given):
    done.append(put(*given))
    if len(done) == {len(NODES)}:
        os.kill(os.getpid(), 9)
tests.spark_build._put_table = put_one
tests.spark_build._run = lambda told, store, *_: tests.make_tables(store)
tests.build(tests.Settings(Path({str(settings.home)!r}), engine="spark"))
"""
    ended = subprocess.run([sys.executable, "-c", dies], check=False, env=dict(os.environ))
    assert ended.returncode == -9
    assert read_warehouse(settings) == before
    assert list(settings.vault.spark_stores.iterdir())
    leave(monkeypatch)
    build(settings)
    assert read_warehouse(settings)[0] == [("after",)]
    assert not settings.vault.spark_stores.exists()


def test_the_store_is_the_hubs_alone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    fill_warehouse(settings)
    seen = []

    def look(told: Any, store: Path, *_: Any) -> None:
        seen.extend(path.stat().st_mode & 0o777 for path in (store.parent, store, store / "work"))
        make_tables(store)

    monkeypatch.setattr(spark_build, "_run", look)
    build(settings)
    assert seen == [0o700] * 3


def test_what_a_killed_build_left_is_cleared_by_the_next_step_of_either_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(tmp_path)
    (settings.vault.spark_stores / "left").mkdir(parents=True)
    monkeypatch.setattr(dbt_steps.KEPT, "call", lambda *_: None)
    with pytest.raises(OrchestrationError, match="MS902"):
        dbt_steps.run_dbt_step(dbt_steps.CORE, Quarter(2025, 2), settings)
    assert not settings.vault.spark_stores.exists()
