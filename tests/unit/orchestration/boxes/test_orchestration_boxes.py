"""Deliveries are collected from drop boxes whole or not at all, whatever server or network do."""

import json
import os
import shutil
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from box_servers import name_boxes, run_s3_box
from box_visits import (
    MARKED,
    NOW,
    QUARTER,
    fill,
    inbox,
    make_delivery,
    run,
    visit,
)

from orchestration.boxes import collecting, remote
from orchestration.boxes.settings import read_boxes
from orchestration.hub.clock import rehearse_at
from sources.ingest import ingest
from sources.quarters import Quarter


def test_a_delivery_that_is_whole_lies_in_the_inbox_byte_for_byte(
    server, settings, delivery
) -> None:
    fill(server, delivery)
    assert visit(settings) == ["Collected the delivery of hotline for 2025Q1."]
    assert inbox(settings) == delivery
    folder = settings.zones.inbox("hotline", QUARTER)
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    receipt = ingest(settings.zones, "hotline", QUARTER)
    assert receipt.status == "accepted"


def test_the_same_delivery_is_collected_once_and_a_new_one_after_it(
    server, settings, delivery, tmp_path
) -> None:
    fill(server, delivery)
    visit(settings)
    assert visit(settings) == []
    ingest(settings.zones, "hotline", QUARTER)
    assert visit(settings) == []
    assert inbox(settings) == {}
    second = make_delivery(tmp_path / "second", sequence=2)
    fill(server, second)
    assert visit(settings) == ["Collected the delivery of hotline for 2025Q1."]
    assert inbox(settings) == second


def test_what_was_accepted_is_not_collected_again_where_the_notes_are_lost(
    server, settings, delivery
) -> None:
    fill(server, delivery)
    visit(settings)
    ingest(settings.zones, "hotline", QUARTER)
    shutil.rmtree(settings.box_notes)
    assert visit(settings) == []
    assert inbox(settings) == {}


def test_a_half_uploaded_file_waits_and_says_since_when(server, settings, delivery) -> None:
    whole = delivery["counts.csv"]
    fill(server, delivery | {"counts.csv": whole[:40]})
    with rehearse_at(NOW):
        [told] = visit(settings)
    assert "MS182" in told
    assert "'counts'" in told
    with rehearse_at(NOW + timedelta(hours=3)):
        [told] = visit(settings)
    assert told.endswith("It waits since 2025-04-08 14:00 UTC.")
    assert inbox(settings) == {}
    server.put(f"{QUARTER}/counts.csv", whole)  # the upload was resumed
    visit(settings)
    assert inbox(settings) == delivery


def test_a_file_of_the_right_size_and_other_bytes_waits(server, settings, delivery) -> None:
    """As an upload that first makes all of the file and then fills it does it."""
    whole = delivery["counts.csv"]
    fill(server, delivery | {"counts.csv": bytes(len(whole))})
    assert "MS182" in visit(settings)[0]
    assert inbox(settings) == {}
    server.put(f"{QUARTER}/counts.csv", whole)
    visit(settings)
    assert inbox(settings) == delivery


def test_a_half_uploaded_manifest_waits(server, settings, delivery) -> None:
    fill(server, delivery | {"manifest.json": delivery["manifest.json"][:-3]})
    assert "MS183" in visit(settings)[0]
    assert inbox(settings) == {}


def test_nothing_is_looked_at_without_its_manifest_or_under_another_name(
    server, settings, delivery
) -> None:
    manifest = delivery.pop("manifest.json")
    fill(server, delivery)
    server.put(f"{QUARTER}/manifest.json.filepart", manifest)
    server.put("2025q2 jane doe/manifest.json", manifest)
    assert visit(settings) == ["1 folders in it are not named like 2025Q1 and not looked at."]
    assert inbox(settings) == {}


def test_a_manifest_that_cannot_be_accepted_is_collected_alone_and_gets_its_receipt(
    server, settings, delivery
) -> None:
    names = json.loads(delivery["manifest.json"])
    names["files"][0]["name"] = "../../../../escaped.csv"
    fill(server, {"manifest.json": json.dumps(names).encode()})
    visit(settings)
    assert [*inbox(settings)] == ["manifest.json"]
    with pytest.raises(Exception, match="MS126"):
        ingest(settings.zones, "hotline", QUARTER)
    visit(settings)
    assert any("rejected" in name for name in server.list_names())
    assert [*settings.home.parent.rglob("escaped*")] == []


def test_receipts_are_put_into_the_box_once(server, settings, delivery) -> None:
    fill(server, delivery)
    visit(settings)
    ingest(settings.zones, "hotline", QUARTER)
    visit(settings)
    receipts = [name for name in server.list_names() if name.startswith("receipts/")]
    assert len(receipts) == 3
    outbox = settings.zones.outbox("hotline")
    for name in receipts:
        assert server.read(name) == (outbox / name.removeprefix("receipts/")).read_bytes()
        server.put(name, b"read by the agency")
    visit(settings)
    assert server.read(receipts[0]) == b"read by the agency"


def test_a_box_that_takes_no_receipts_is_named_and_collected_all_the_same(
    sftp, settings, delivery
) -> None:
    fill(sftp, delivery)
    visit(settings)
    ingest(settings.zones, "hotline", QUARTER)
    sftp.is_read_only = True
    [told] = visit(settings)
    assert "MS184" in told
    assert MARKED not in told
    sftp.is_read_only = False
    assert visit(settings) == []
    assert any(name.startswith("receipts/") for name in sftp.list_names())


def test_a_link_in_a_box_is_not_followed(sftp, settings, delivery) -> None:
    fill(sftp, delivery)
    secret = sftp.folder / "server" / "secret"
    secret.write_bytes(delivery["counts.csv"])
    (sftp.root / QUARTER / "counts.csv").unlink()
    (sftp.root / QUARTER / "counts.csv").symlink_to("/secret")
    assert "MS182" in visit(settings)[0]
    (sftp.root / "2025Q2").symlink_to(QUARTER)
    assert inbox(settings) == {}


def test_no_time_of_a_file_matters(sftp, settings, delivery, tmp_path) -> None:
    fill(sftp, delivery)
    for path in (sftp.root / QUARTER).iterdir():
        os.utime(path, (4e9, 4e9))
    visit(settings)
    ingest(settings.zones, "hotline", QUARTER)
    fill(sftp, make_delivery(tmp_path / "second", sequence=2))
    for path in (sftp.root / QUARTER).iterdir():
        os.utime(path, (0, 0))
    assert visit(settings) == ["Collected the delivery of hotline for 2025Q1."]


def test_a_second_delivery_waits_until_the_first_has_its_receipt(
    server, settings, delivery, tmp_path
) -> None:
    fill(server, delivery)
    visit(settings)
    fill(server, make_delivery(tmp_path / "second", sequence=2))
    assert "MS127" in visit(settings)[0]
    assert inbox(settings) == delivery


def test_a_manifest_that_changes_while_its_files_are_read_waits(
    server, settings, delivery, tmp_path, monkeypatch
) -> None:
    fill(server, delivery)
    second = make_delivery(tmp_path / "second", sequence=2)
    read, seen = remote.RemoteBox.read, []

    def read_late(self, quarter, name, most):
        seen.append(name)
        if seen.count("manifest.json") == 2:
            server.put(f"{QUARTER}/manifest.json", second["manifest.json"])
        return read(self, quarter, name, most)

    monkeypatch.setattr(remote.RemoteBox, "read", read_late)
    assert "'manifest'" in visit(settings)[0]
    assert inbox(settings) == {}


def test_a_kill_at_any_step_leaves_nothing_half_and_all_is_collected_again(
    sftp, settings, delivery, monkeypatch
) -> None:
    fill(sftp, delivery)
    for place in ("_download", "write_notes", "_put_receipts"):
        with monkeypatch.context() as patch:
            patch.setattr(collecting, place, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                visit(settings)
        assert inbox(settings) in ({}, delivery)
    visit(settings)
    assert inbox(settings) == delivery
    assert visit(settings) == []


def test_a_hub_that_is_killed_while_it_collects_leaves_nothing_that_stays(
    sftp, settings, delivery, tmp_path
) -> None:
    fill(sftp, delivery)
    sftp.stalled = ("counts.csv",)
    program = Path(sys.executable).with_name("moshare")
    started = subprocess.Popen([program, "collect"], env={**os.environ})
    try:
        until = time.monotonic() + 60
        while not any(path.endswith("counts.csv") for path in sftp.opened):
            assert time.monotonic() < until
            time.sleep(0.05)
    finally:
        started.kill()
        started.wait()
    landing = settings.zones.inboxes("hotline")
    assert [*landing.rglob("datapackage.json")] != []
    assert inbox(settings) == {}
    sftp.stalled = ()
    (sftp.root / QUARTER / "manifest.json").unlink()  # the agency takes it back
    visit(settings)
    assert [*landing.rglob("*.*")] == []
    fill(sftp, delivery)
    visit(settings)
    assert inbox(settings) == delivery


def test_nothing_is_taken_from_the_surroundings(tmp_path, settings, delivery, monkeypatch) -> None:
    with run_s3_box(tmp_path / "s3") as server:
        name_boxes(settings, server.entry("hotline"))
        fill(server, delivery)
        monkeypatch.setenv("FSSPEC_S3_ENDPOINT_URL", "http://127.0.0.1:1")
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        assert run("collect").exit_code == 0
    assert inbox(settings) == delivery


def test_a_new_or_overwritten_object_is_seen_at_once(tmp_path, settings) -> None:
    """A kept listing of s3fs hides both from `exists` and `open`."""
    with run_s3_box(tmp_path / "s3") as server:
        name_boxes(settings, server.entry("hotline"))
        [box] = read_boxes(settings)
        quarter = Quarter(2025, 1)
        with remote.open_box(box) as opened:
            server.put(f"{QUARTER}/first", b"1")
            assert opened.list_files(quarter) == {"first": 1}
            server.put(f"{QUARTER}/second", b"22")
            server.put(f"{QUARTER}/first", b"333")
            assert opened.list_files(quarter) == {"first": 3, "second": 2}
            assert b"".join(opened.read(quarter, "first", 10)) == b"333"
            assert b"".join(opened.read(quarter, "second", 10)) == b"22"
            pieces = opened.read(quarter, "second", 0)
            assert b"".join(pieces) == b"2"  # one byte beyond what was asked for


def test_a_large_file_is_read_in_pieces(sftp, settings, monkeypatch) -> None:
    monkeypatch.setattr(remote, "_PIECE", 1000)
    sftp.put(f"{QUARTER}/large", bytes(2500))
    with remote.open_box(read_boxes(settings)[0]) as opened:
        pieces = [len(one) for one in opened.read(Quarter(2025, 1), "large", 2500)]
    assert pieces == [1000, 1000, 500]
