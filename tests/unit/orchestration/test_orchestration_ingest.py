"""The graph takes deliveries in, and goes on without one of an agency that is optional."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from durable.vault import Vault
from orchestration.defs.ingest import deliveries
from orchestration.hub.clock import rehearse_at
from orchestration.hub.settings import HOME_VARIABLE
from sources.contracts import current_contract, list_agencies
from sources.storing import write_empty_tables


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    return tmp_path


def run(agency: str) -> dg.ExecuteInProcessResult:
    [asset] = [one for one in deliveries if one.key == dg.AssetKey(["raw", agency])]
    with rehearse_at(datetime(2025, 4, 20, tzinfo=UTC)), dg.instance_for_test() as instance:
        return dg.materialize(
            [asset], instance=instance, partition_key="2025-01-01", raise_on_error=False
        )


def test_a_quarter_without_an_optional_delivery_goes_on_and_says_so() -> None:
    result = run("care")
    assert result.success
    [event] = result.get_asset_materialization_events()
    assert event.materialization.metadata["status"].value == "none was delivered"
    assert {one.passed for one in result.get_asset_check_evaluations()} == {True}


def test_a_quarter_without_another_delivery_fails() -> None:
    assert not run("dss").success


def test_tables_without_a_row_are_no_quarter_and_have_every_column(home: Path) -> None:
    import pyarrow.parquet as pq

    vault = Vault(home / "vault")
    for agency in list_agencies():
        write_empty_tables(vault, current_contract(agency))
    assert list(vault.find_raw_quarters()) == []
    kept = pq.read_table(vault.raw_without_delivery("dss") / "child_file.parquet")
    assert kept.num_rows == 0
    assert {"quarter_start", "line_number", "afcarsid"} <= set(kept.column_names)
