"""A box that is away or waits, and what starts, stops and names a visit: never a value of it."""

import json
import shutil
import threading
from datetime import timedelta

import asyncssh
import pytest
from box_servers import listening, name_boxes, run_sftp_box
from box_visits import (
    MARKED,
    NOW,
    QUARTER,
    codes,
    fill,
    inbox,
    requests,
    run,
    visit,
)

from orchestration.boxes import remote
from orchestration.boxes.collecting import list_noted, look_into
from orchestration.boxes.notes import hold_box
from orchestration.boxes.settings import Box, read_boxes
from orchestration.cli.runs import run_job
from orchestration.hub.clock import rehearse_at
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.instance import open_instance
from orchestration.hub.settings import PROJECT_ROOT, Settings
from sources.quarters import Quarter


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
