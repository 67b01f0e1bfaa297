import os

import dagster as dg
import pytest

from orchestration.defs.sensor import delivery_arrived
from orchestration.hub.settings import HOME_VARIABLE


@pytest.fixture
def inbox(tmp_path, monkeypatch):
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    return tmp_path / "landing" / "inbox"


def requests() -> list[dg.RunRequest]:
    with dg.build_sensor_context() as context:
        return list(delivery_arrived(context))


def put_manifest(inbox, agency: str, quarter: str):
    manifest = inbox / agency / quarter / "manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("{}")
    return manifest


def test_a_delivery_without_its_manifest_is_not_taken_in(inbox) -> None:
    (inbox / "dss" / "2025Q1").mkdir(parents=True)
    (inbox / "dss" / "2025Q1" / "child_file.txt").write_text("x")
    assert requests() == []


def test_a_manifest_asks_for_the_ingest_of_its_agency_and_quarter(inbox) -> None:
    put_manifest(inbox, "mshp", "2025Q2")
    [request] = requests()
    assert (request.job_name, request.partition_key) == ("ingest_mshp", "2025-04-01")


def test_the_same_manifest_keeps_its_run_key_and_a_replaced_one_gets_another(inbox) -> None:
    manifest = put_manifest(inbox, "dss", "2025Q1")
    first = requests()[0].run_key
    assert requests()[0].run_key == first
    os.utime(manifest, ns=(1, 1))
    assert requests()[0].run_key != first


def test_a_folder_that_is_no_closed_quarter_is_left_alone(inbox) -> None:
    put_manifest(inbox, "dss", "spring")
    put_manifest(inbox, "dss", "2999Q1")
    assert requests() == []
