"""That an agency holds no record is an exact count, which Dagster is not told."""

from pathlib import Path

import dagster as dg
from pipeline_runs import run_here
from small_deliveries import put, write_hotline

from orchestration.hub.instance import open_instance
from orchestration.hub.settings import Settings


def told_of_a_delivery(settings: Settings, files: dict[str, Path]) -> dict[str, object]:
    put(settings, "hotline", "2025Q1", files)
    assert run_here("ingest_hotline", settings).sentences == ()
    with open_instance(settings) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(["raw", "hotline"]))
    assert event is not None
    assert event.asset_materialization is not None
    metadata = event.asset_materialization.metadata
    return {name: entry.value for name, entry in metadata.items() if name != "dagster/pid"}


def test_a_nil_delivery_is_told_to_dagster_as_any_other(tmp_path: Path) -> None:
    some = write_hotline(tmp_path / "made", "2025Q1")
    told = told_of_a_delivery(Settings(tmp_path / "some"), some)
    assert told["delivery"] == "sequence 1"
    assert told_of_a_delivery(Settings(tmp_path / "none"), {}) == told
