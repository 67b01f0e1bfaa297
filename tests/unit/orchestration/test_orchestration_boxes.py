"""Deliveries are collected from drop boxes whole or not at all, whatever server or network do."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncssh
import dagster as dg
import pytest
from box_servers import S3Box, SftpBox, listening, name_boxes, run_s3_box, run_sftp_box
from typer.testing import CliRunner

from orchestration.boxes import collecting, remote
from orchestration.boxes.collecting import collect, list_noted, look_into
from orchestration.boxes.notes import hold_box
from orchestration.boxes.settings import Box, read_boxes
from orchestration.cli import build_app
from orchestration.cli.runs import run_job
from orchestration.defs.boxes import box_filled
from orchestration.hub.clock import rehearse_at
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.instance import open_instance
from orchestration.hub.settings import HOME_VARIABLE, PROJECT_ROOT, Settings, prepare_process
from orchestration.watch import alarms as watched
from orchestration.watch.alarms import find_alarms
from sources.ingest import ingest
from sources.manifest import write_manifest
from sources.quarters import Quarter

QUARTER = "2025Q1"
MARKED = "QZJXVKWY"
COUNTS = "quarter,measure,relationship_group,count\n" + "".join(
    f"2025Q1,{measure},{group},3\n"
    for measure, group in (
        ("cases", "all"),
        ("children", "family"),
        ("children", "known"),
        ("children", "stranger"),
        ("children", "unknown"),
    )
)
NOW = datetime(2025, 4, 8, 14, tzinfo=UTC)

AnyBox = SftpBox | S3Box


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    made = Settings(tmp_path / "home")
    prepare_process(made)
    monkeypatch.setattr(watched, "find_needed_bytes", lambda _: 0)
    return made


@pytest.fixture
def sftp(tmp_path: Path, settings: Settings) -> Iterator[SftpBox]:
    with run_sftp_box(tmp_path / "sftp") as server:
        name_boxes(settings, server.entry("hotline"))
        yield server


@pytest.fixture(params=["sftp", "s3"])
def server(request: pytest.FixtureRequest, tmp_path: Path, settings: Settings) -> Iterator[AnyBox]:
    run = run_sftp_box if request.param == "sftp" else run_s3_box
    with run(tmp_path / request.param) as found:
        name_boxes(settings, found.entry("hotline"))
        yield found


def make_delivery(folder: Path, sequence: int = 1, counts: str = COUNTS) -> dict[str, bytes]:
    """The files of a delivery of the hotline by their names."""
    folder.mkdir(exist_ok=True)
    (folder / "counts.csv").write_text(counts)
    fields = [{"name": name} for name in COUNTS.partition("\n")[0].split(",")]
    resource = {"name": "counts", "path": "counts.csv", "schema": {"fields": fields}}
    package = {"name": "hotline", "resources": [resource]}
    (folder / "datapackage.json").write_text(json.dumps(package))
    write_manifest(
        folder,
        agency="hotline",
        quarter=QUARTER,
        sequence=sequence,
        kind="full",
        as_of=NOW.date(),
        simulated=True,
        files={"datapackage": "datapackage.json", "counts": "counts.csv"},
    )
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def delivery(tmp_path: Path) -> dict[str, bytes]:
    return make_delivery(tmp_path / "made")


def fill(server: AnyBox, delivery: dict[str, bytes], quarter: str = QUARTER) -> None:
    for name, content in delivery.items():
        server.put(f"{quarter}/{name}", content)


def visit(settings: Settings) -> list[str]:
    [box] = read_boxes(settings)
    return collect(box, settings)


def inbox(settings: Settings) -> dict[str, bytes]:
    folder = settings.zones.inbox("hotline", QUARTER)
    found = folder.iterdir() if folder.is_dir() else ()
    return {path.name: path.read_bytes() for path in found if path.is_file()}


def codes(settings: Settings, now: datetime) -> list[str]:
    with dg.instance_for_test() as instance:
        return [
            one.code for one in find_alarms(settings, instance, now) if one.code.startswith("box-")
        ]


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


def test_a_box_that_is_away_is_an_alarm_after_an_hour_until_it_is_back(
    sftp, settings, tmp_path
) -> None:
    port = sftp.port
    sftp.port = 1  # nobody listens there
    name_boxes(settings, sftp.entry("hotline"))
    with rehearse_at(NOW):
        [told] = visit(settings)
    assert "MS181" in told
    assert codes(settings, NOW + timedelta(minutes=50)) == []
    with rehearse_at(NOW + timedelta(hours=2)):
        visit(settings)
    assert codes(settings, NOW + timedelta(hours=2)) == ["box-away"]
    sftp.port = port
    name_boxes(settings, sftp.entry("hotline"))
    visit(settings)
    assert codes(settings, NOW + timedelta(hours=3)) == []


def test_a_box_with_another_key_than_the_pinned_one_is_away(sftp, settings, delivery) -> None:
    fill(sftp, delivery)
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    (sftp.folder / "known_hosts").write_text(f"[127.0.0.1]:{sftp.port} {other}")
    assert "is not the one that is pinned" in visit(settings)[0]
    assert inbox(settings) == {}


def test_a_box_that_does_not_let_the_hub_in_or_stalls_is_away(
    sftp, settings, delivery, monkeypatch
) -> None:
    fill(sftp, delivery)
    (sftp.folder / "hub.key").chmod(0o644)
    assert "chmod 600" in visit(settings)[0]
    (sftp.folder / "hub.key").chmod(0o600)
    monkeypatch.setattr(remote, "STALL_SECONDS", 1.0)
    sftp.stalled = ("manifest.json",)
    assert "Nothing came back for 1 seconds" in visit(settings)[0]
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(sftp.folder / "hub.key")
    assert "does not let the hub in" in visit(settings)[0]
    assert inbox(settings) == {}


def test_what_waits_for_an_hour_is_an_alarm(server, settings, delivery) -> None:
    fill(server, delivery | {"counts.csv": b""})
    with rehearse_at(NOW):
        visit(settings)
    assert codes(settings, NOW + timedelta(minutes=50)) == []
    assert codes(settings, NOW + timedelta(hours=2)) == ["box-waits"]
    fill(server, delivery)
    visit(settings)
    assert codes(settings, NOW + timedelta(hours=2)) == []


def requests(settings: Settings, now: datetime) -> list[dg.RunRequest]:
    with rehearse_at(now), dg.build_sensor_context() as context:
        return list(box_filled(context))


def test_a_filled_box_starts_a_run_that_collects_it_and_fails_for_no_box(
    server, settings, delivery
) -> None:
    assert requests(settings, NOW) == []
    fill(server, delivery | {"counts.csv": bytes(len(delivery["counts.csv"]))})
    [request] = requests(settings, NOW)
    assert (request.job_name, request.partition_key) == ("collect_hotline", "2025-01-01")
    assert request.tags["moshare/quarter"] == QUARTER
    assert requests(settings, NOW)[0].run_key == request.run_key
    with open_instance(settings) as instance:
        assert run_job("collect_hotline", Quarter(2025, 1), instance, print).exit_code == 0
    later = NOW + timedelta(days=1)  # its bytes were not those of the manifest: asked for again
    assert requests(settings, later)[0].run_key != request.run_key
    assert "MS182" in list_noted(settings)[0][1].waiting[QUARTER].told
    fill(server, delivery)
    with open_instance(settings) as instance:
        assert run_job("collect_hotline", Quarter(2025, 1), instance, print).exit_code == 0
    assert inbox(settings) == delivery
    assert requests(settings, later) == []


def test_all_boxes_are_looked_into_at_once_so_that_none_keeps_another_waiting(
    sftp, settings, monkeypatch
) -> None:
    name_boxes(settings, sftp.entry("hotline", "first"), sftp.entry("mshp", "second"))
    together = threading.Barrier(2)

    def look(box: Box, _: Settings) -> list[object]:
        together.wait(60)
        return []

    monkeypatch.setattr("orchestration.defs.boxes.look_into", look)
    assert requests(settings, NOW) == []


def test_a_box_that_somebody_speaks_to_is_left_alone_by_the_sensor(sftp, settings) -> None:
    [box] = read_boxes(settings)
    with hold_box(box, settings, wait=True):
        assert look_into(box, settings) == []
    assert sftp.opened == []


def run(*words: str):
    return CliRunner().invoke(build_app(), [*words])


def test_the_commands_name_each_box(server, settings, delivery) -> None:
    fill(server, delivery)
    assert "not looked into yet" in run("doctor").output
    collected = run("collect")
    assert collected.exit_code == 0, collected.output
    assert "Collected the delivery of hotline" in collected.output
    assert "There is nothing new." in run("collect").output
    assert "it answers" in run("status").output
    assert json.loads(run("status", "--json").stdout)["boxes"][0]["agency"] == "hotline"
    assert f"drop box {read_boxes(settings)[0].name} of hotline: it answers" in " ".join(
        run("doctor").output.split()
    )


def test_collect_ends_with_3_where_a_box_is_away_and_with_0_where_there_is_none(
    sftp, settings
) -> None:
    sftp.port = 1
    name_boxes(settings, sftp.entry("hotline"))
    assert run("collect").exit_code == 3
    assert "it is away since" in run("status").output
    settings.boxes.unlink()
    assert run("collect").exit_code == 0


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('agency = "hotline"', 'agency = "QZJXVKWY"', "is not the short name of an agency"),
        ("sftp://moshare@", "sftp://moshare:QZJXVKWY@", "secrets stand in files"),
        ("sftp://moshare@", "ftp://moshare@", "is neither like sftp"),
        ("known_hosts =", "# known_hosts =", "needs 'known_hosts'"),
        ("[[box]]", "[box", "It is not TOML"),
        ("[[box]]", "colour = 1\n[[box]]", "no entry 'colour'"),
    ],
)
def test_settings_that_are_not_as_they_must_be_are_refused(
    sftp, settings, old, new, problem
) -> None:
    name_boxes(settings, sftp.entry("hotline").replace(old, new))
    with pytest.raises(OrchestrationError, match="MS180") as refused:
        read_boxes(settings)
    assert problem in refused.value.sentence
    assert MARKED not in refused.value.sentence
    assert requests(settings, NOW) == []


def test_the_example_of_the_settings_is_one(settings) -> None:
    shutil.copy(PROJECT_ROOT / "deploy" / "boxes.example.toml", settings.boxes)
    assert [(box.name, box.agency) for box in read_boxes(settings)] == [
        ("patrol", "mshp"),
        ("hotline", "hotline"),
    ]


def test_two_boxes_may_not_have_one_name(sftp, settings) -> None:
    name_boxes(settings, sftp.entry("hotline"), sftp.entry("mshp"))
    with pytest.raises(OrchestrationError, match="Two boxes have one name"):
        read_boxes(settings)


def test_no_value_of_a_box_stands_in_what_is_told(server, settings, delivery, capfd) -> None:
    """Names of folders and files, texts of manifests and answers of a server may name a person."""
    server.put(f"{MARKED}/manifest.json", b"{}")
    server.put(f"{QUARTER}/{MARKED}.txt", b"x")
    server.put(f"{QUARTER}/manifest.json", f'{{"{MARKED}": "{MARKED}'.encode())
    server.put("2025Q2/manifest.json", f'{{"{MARKED}": "{MARKED}"}}'.encode())
    fill(server, delivery | {"counts.csv": MARKED.encode()}, "2025Q3")
    said = visit(settings) + [run(one).output for one in ("collect", "status", "doctor")]
    requests(settings, NOW)
    told = "".join(said) + "".join(capfd.readouterr())
    assert MARKED not in told
    assert MARKED not in (settings.box_notes / f"{read_boxes(settings)[0].name}.json").read_text()


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


def test_a_connection_that_is_cut_while_a_file_is_read_is_a_box_that_is_away(
    tmp_path, settings, delivery, monkeypatch
) -> None:
    with run_sftp_box(tmp_path / "sftp") as server:
        name_boxes(settings, server.entry("hotline"))
        fill(server, delivery)
        look = remote.RemoteBox.read

        def read_cut(self, quarter, name, most):
            if name == "counts.csv":
                self._files.loop.call_soon_threadsafe(self._files.client.abort)
            return look(self, quarter, name, most)

        with monkeypatch.context() as patch:
            patch.setattr(remote.RemoteBox, "read", read_cut)
            assert "MS181" in visit(settings)[0]
        assert inbox(settings) == {}
        visit(settings)
    assert inbox(settings) == delivery
    assert isinstance(read_boxes(settings)[0], Box)
    with listening(server):
        assert visit(settings) == []
