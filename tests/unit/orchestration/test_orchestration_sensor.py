import os
import time
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from orchestration.defs import sensor
from orchestration.defs.sensor import count_pauses, delivery_arrived, quarter_complete
from orchestration.hub.clock import rehearse_at
from orchestration.hub.settings import HOME_VARIABLE, Settings


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


def test_what_has_a_receipt_is_not_asked_for_and_the_newest_comes_first(inbox) -> None:
    done, old, new = (
        put_manifest(inbox, agency, "2025Q1") for agency in ("dss", "mshp", "hotline")
    )
    outbox = inbox.parent / "outbox" / "dss"
    outbox.mkdir(parents=True)
    (outbox / "2025Q1-0001-rejected-1.json").write_text("{}")
    moment = time.time_ns()
    for manifest, age in ((done, 3), (old, 2), (new, 1)):
        os.utime(manifest, ns=(moment, moment - age * 10**9))
    assert [request.job_name for request in requests()] == ["ingest_hotline", "ingest_mshp"]
    os.utime(done, ns=(moment, moment + 10**9))  # it was replaced after the receipt
    assert requests()[0].job_name == "ingest_dss"


def test_an_accepted_manifest_that_could_not_leave_the_inbox_is_not_asked_for(inbox) -> None:
    manifest = put_manifest(inbox, "dss", "2025Q1")
    accepted = inbox.parents[1] / "vault" / "deliveries" / "dss" / "2025Q1" / "0001"
    accepted.mkdir(parents=True)
    (accepted / "manifest.json").write_bytes(manifest.read_bytes())
    assert requests() == []


def test_a_delivery_without_a_receipt_is_asked_for_again_with_growing_pauses(inbox) -> None:
    put_manifest(inbox, "dss", "2025Q1")
    now = datetime.now(UTC)
    keys = []
    for minutes in (0, 5, 11, 30, 61, 241, 300, 60 * 25, 60 * 49):
        with rehearse_at(now + timedelta(minutes=minutes)):
            keys.append(requests()[0].run_key)
    assert len(set(keys)) == 6
    assert keys[0] == keys[1]
    assert keys[2] == keys[3]


def test_a_delivery_from_the_future_is_asked_for_once() -> None:
    now = datetime.now(UTC)
    assert count_pauses(now + timedelta(days=3), now) == 0


def test_an_inbox_folder_that_is_no_quarter_is_named_unless_a_word_stands_in_it(
    inbox, capsys
) -> None:
    for name in ("2025-04", "2025q1", "JANE QZJXVKWY"):
        (inbox / "dss" / name).mkdir(parents=True)
    put_manifest(inbox, "dss", "2024Q1")
    with dg.build_sensor_context() as context:
        assert list(delivery_arrived(context)) == []
    said = capsys.readouterr().err
    assert "'2025-04' is not looked at" in said
    assert "'2025q1' is not looked at; rename it to 2025Q1" in said
    assert "number 4 by the alphabet" in said
    assert "QZJXVKWY" not in said
    assert "MS662" in said


@pytest.fixture
def accepted(inbox):
    """Give a function that has an agency's delivery of 2025Q1 accepted."""

    def accept(agency: str, sequence: int = 1) -> None:
        vault = Settings(inbox.parents[1]).vault
        vault.delivery(agency, "2025Q1", sequence).mkdir(parents=True)
        (vault.raw(agency, "2025Q1") / f"{sequence:04d}").mkdir(parents=True)

    return accept


def look() -> dg.RunRequest | dg.SkipReason:
    with (
        rehearse_at(datetime(2025, 4, 20, tzinfo=UTC)),
        dg.build_sensor_context() as context,
    ):
        return quarter_complete(context)


def test_the_last_delivery_of_a_quarter_prepares_it_and_a_correction_does_again(accepted) -> None:
    for agency in ("dss", "mshp"):
        accepted(agency)
        skipped = look()
        assert isinstance(skipped, dg.SkipReason)
        assert "hotline" in str(skipped.skip_message)
    accepted("hotline")
    first = look()
    assert isinstance(first, dg.RunRequest)
    assert first.partition_key == "2025-01-01"
    assert look().run_key == first.run_key
    accepted("mshp", 2)
    assert look().run_key != first.run_key


def test_what_a_complete_quarter_starts_decides_and_releases_nothing() -> None:
    from orchestration.definitions import defs

    steps = {node.name for node in defs.resolve_job_def(sensor.prepare.name).nodes}
    assert not {step for step in steps if step.startswith(("released", "review__approval"))}
    assert "dbt_release_input" in steps
