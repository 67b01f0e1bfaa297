import json
import subprocess
import sys

from orchestration.defs.dbt_graph import UNIQUE_ID, list_assets, list_checks
from orchestration.defs.transform import dbt_steps
from orchestration.hub.settings import PROJECT_ROOT, Settings
from orchestration.steps.dbt_steps import CORE, RELEASE_INPUT, STAGING

MANIFEST = Settings(PROJECT_ROOT).dbt_manifest
STEPS = (STAGING, CORE, RELEASE_INPUT)


def read_nodes() -> dict:
    return json.loads(MANIFEST.read_text("utf-8"))["nodes"]


def test_every_table_that_dbt_builds_is_one_asset() -> None:
    built = {
        one
        for one, node in read_nodes().items()
        if node["resource_type"] in ("model", "seed")
        and node["config"]["materialized"] != "ephemeral"
    }
    shown = [
        spec.metadata[UNIQUE_ID] for step in STEPS for spec in list_assets(MANIFEST, step.name)
    ]
    assert len(shown) == len(set(shown))
    assert set(shown) == built


def test_every_test_of_a_table_is_one_check_that_stops_what_follows() -> None:
    tests = {one for one, node in read_nodes().items() if node["resource_type"] == "test"}
    checks = [spec for step in STEPS for spec in list_checks(MANIFEST, step.name)]
    assert len(checks) == len({spec.key for spec in checks})
    assert {spec.metadata[UNIQUE_ID] for spec in checks} == tests
    assert all(spec.blocking for spec in checks)


def test_a_table_comes_after_the_tables_it_reads_through_models_that_are_none() -> None:
    (victims,) = (
        spec
        for spec in list_assets(MANIFEST, STAGING.name)
        if spec.key.path == ["intermediate", "int_mshp__victims"]
    )
    read = {"/".join(dep.asset_key.path) for dep in victims.deps}
    assert {"raw/mshp", "intermediate/int_deliveries", "intermediate/int_mshp__incidents"} <= read
    assert not any("stg_" in name or "current" in name for name in read)


def test_the_graph_imports_no_dbt_into_the_process_of_the_hub() -> None:
    assert [one.op.name for one in dbt_steps] == [f"dbt_{step.name}" for step in STEPS]
    script = (
        "import sys, orchestration.definitions; "
        "sys.exit(any(name.partition('.')[0] in {'dbt', 'dagster_dbt'} for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
