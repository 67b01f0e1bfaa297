"""Releases pushed to an SFTP server on this machine: complete when the signature is there."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncssh
import pytest
from gate_places import GatePlace, StandingClock, make_place, read_rows
from gate_receivers import NotingServer, Receiver, push, refuse, run_receiver
from gate_releases import build_release_folder

from gate.audit import AuditLog
from gate.errors import GateError
from gate.sending import push_release
from gate.settings import Sftp
from portal.verify import SIGNATURE_NAME, verify

TARGET = "incoming/2025Q1"


@pytest.fixture
def place(tmp_path: Path) -> GatePlace:
    return make_place(tmp_path)


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with run_receiver(tmp_path) as found:
        yield found


def rows(place: GatePlace) -> list[dict]:
    return read_rows(place.settings.state)


def test_a_release_arrives_whole_aside_first_and_signature_last(
    place: GatePlace, receiver: Receiver
) -> None:
    assert push(place, receiver) == "pushed"
    arrived = receiver.root / TARGET
    assert verify(arrived).passed
    for path in place.folder.rglob("*"):
        if path.is_file():
            assert (arrived / path.relative_to(place.folder)).read_bytes() == path.read_bytes()
    *written, moved, signed, last = receiver.seen
    assert all(step.startswith("write incoming/.2025Q1.") for step in written)
    assert moved == f"rename {TARGET}"
    assert signed == f"write {TARGET}/{SIGNATURE_NAME}.part"
    assert last == f"rename {TARGET}/{SIGNATURE_NAME}"
    assert [name for name in receiver.list_names() if "part" in name] == []


def test_every_file_has_its_row_with_its_hash(place: GatePlace, receiver: Receiver) -> None:
    push(place, receiver)
    found = [row for row in rows(place) if row["event"] == "push"]
    assert len(found) == len([path for path in place.folder.rglob("*") if path.is_file()])
    assert {row["who"] for row in found} == {"sftp:patrol"}
    assert {row["agency"] for row in found} == {"mshp"}
    assert all(len(row["sha256"]) == 64 and row["size"] for row in found)
    assert rows(place)[-1]["event"] == "pushed"
    assert AuditLog(place.settings.state, place.clock).check().rows == len(found) + 1


def test_pushed_again_nothing_changes(place: GatePlace, receiver: Receiver) -> None:
    push(place, receiver)
    steps = list(receiver.seen)
    assert push(place, receiver) == "already there"
    assert receiver.seen == steps
    assert rows(place)[-1]["event"] == "already-there"


def test_a_push_that_broke_off_leaves_no_release_and_is_done_again(
    place: GatePlace, receiver: Receiver
) -> None:
    receiver.fail_after = 3
    error = refuse(place, receiver)
    assert error.startswith("MS743: ")
    assert not (receiver.root / TARGET).exists()
    assert rows(place)[-1]["code"] == "MS743"
    receiver.fail_after = -1
    assert push(place, receiver) == "pushed"
    assert verify(receiver.root / TARGET).passed


def test_a_push_that_broke_off_before_the_signature_is_completed(
    place: GatePlace, receiver: Receiver
) -> None:
    push(place, receiver)
    (receiver.root / TARGET / SIGNATURE_NAME).unlink()
    receiver.seen.clear()
    assert push(place, receiver) == "pushed"
    assert len(receiver.seen) == 2
    assert (receiver.root / TARGET / SIGNATURE_NAME).read_bytes() == (
        place.folder / SIGNATURE_NAME
    ).read_bytes()


def test_something_else_under_this_name_is_left_alone(place: GatePlace, receiver: Receiver) -> None:
    (receiver.root / TARGET).mkdir()
    (receiver.root / TARGET / "index.html").write_text("theirs")
    error = refuse(place, receiver)
    assert error.startswith("MS744: ")
    assert "index.html" in error
    assert receiver.seen == []
    assert receiver.list_names() == ["2025Q1", "2025Q1/index.html"]


@pytest.fixture
def plain(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Receiver:
    """A server that offers nothing but what version 3 of the protocol has."""
    monkeypatch.setattr("asyncssh.sftp.SFTPServerHandler._extensions", [])
    return receiver


def test_a_server_that_cannot_rename_over_a_file_gets_the_release_too(
    place: GatePlace, plain: Receiver
) -> None:
    assert push(place, plain) == "pushed"
    assert verify(plain.root / TARGET).passed
    assert push(place, plain) == "already there"
    (plain.root / TARGET / SIGNATURE_NAME).write_text("an older one")
    assert push(place, plain) == "pushed"
    assert (plain.root / TARGET / SIGNATURE_NAME).read_bytes() == (
        place.folder / SIGNATURE_NAME
    ).read_bytes()
    assert [name for name in plain.list_names() if "part" in name] == []


def test_what_broken_pushes_left_behind_is_removed_and_nothing_else(
    place: GatePlace, receiver: Receiver
) -> None:
    incoming = receiver.root / "incoming"
    kept = (".2025Q1.part", ".2025Q2.0123abcd.part", "x.2025Q1.0123abcd.part", "theirs")
    for name in (".2025Q1.0123abcd.part", ".2025Q1.fedc9876.part", *kept):
        (incoming / name / "data").mkdir(parents=True)
        (incoming / name / "data" / "half.csv").write_text("half")
    receiver.fail_after = 3
    assert refuse(place, receiver).startswith("MS743")
    assert sorted(path.name for path in incoming.iterdir()) == sorted(kept)
    receiver.fail_after = -1
    assert push(place, receiver) == "pushed"
    assert sorted(path.name for path in incoming.iterdir()) == sorted([*kept, "2025Q1"])


def test_where_nothing_may_be_removed_releases_still_arrive(
    place: GatePlace, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse_to(*_: object) -> None:
        raise asyncssh.SFTPPermissionDenied("kept for ever")

    monkeypatch.setattr(NotingServer, "remove", refuse_to)
    monkeypatch.setattr(NotingServer, "rmdir", refuse_to)
    (receiver.root / "incoming" / ".2025Q1.0123abcd.part").mkdir()
    assert push(place, receiver) == "pushed"


@dataclass
class Delay:
    """How long a server takes over each request, one after the other or all at once."""

    seconds: float
    is_far: bool
    requests: int = 0

    def slow(self, monkeypatch: pytest.MonkeyPatch) -> "Delay":
        process = asyncssh.sftp.SFTPServerHandler._process_packet

        async def wait(*packet: object) -> None:
            await asyncio.sleep(self.seconds)
            await process(*packet)

        async def take(*packet: object) -> None:
            self.requests += 1
            if self.is_far:
                self.tasks.append(asyncio.ensure_future(wait(*packet)))
            else:
                await wait(*packet)

        self.tasks: list[asyncio.Future[None]] = []
        monkeypatch.setattr("asyncssh.sftp.SFTPServerHandler._process_packet", take)
        return self


def put_many(place: GatePlace, files: int) -> None:
    extra = {f"data/table_{number}.csv": b"a,b\n1,2\n" for number in range(files)}
    key = place.settings.state.parent / "signing.key"
    build_release_folder(place.settings.releases, key=key, archived=False, extra=extra)


def test_a_slow_server_may_take_longer_than_nothing_may_move(
    place: GatePlace, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_many(place, 60)
    monkeypatch.setattr("gate.remote.STALL_SECONDS", 1.5)
    delay = Delay(0.02, is_far=False).slow(monkeypatch)
    start = time.monotonic()
    assert push(place, receiver) == "pushed"
    assert time.monotonic() - start > 2 * 1.5
    assert delay.requests > 200
    assert push(place, receiver) == "already there"


def test_a_server_that_is_far_away_is_asked_many_things_at_once(
    place: GatePlace, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_many(place, 60)
    delay = Delay(0.12, is_far=True).slow(monkeypatch)
    start = time.monotonic()
    assert push(place, receiver) == "pushed"
    assert delay.requests > 200
    assert time.monotonic() - start < delay.requests * delay.seconds / 2


def test_a_server_where_nothing_moves_is_given_up(
    place: GatePlace, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gate.remote.STALL_SECONDS", 0.5)
    monkeypatch.setattr("gate.push.CLEANING_SECONDS", 0.1)
    Delay(3600, is_far=True).slow(monkeypatch)
    assert "Nothing moved" in refuse(place, receiver)


def test_a_large_file_arrives_in_pieces(
    place: GatePlace, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gate.remote.PIECE", 1000)
    content = bytes(range(256)) * 40
    key = place.settings.state.parent / "signing.key"
    extra = {"data/large.csv": content}
    build_release_folder(place.settings.releases, key=key, archived=False, extra=extra)
    assert push(place, receiver) == "pushed"
    arrived = receiver.root / TARGET / "data" / "large.csv"
    assert arrived.read_bytes() == content
    assert push(place, receiver) == "already there"
    arrived.write_bytes(content[:-1] + b"x")
    assert "data/large.csv" in refuse(place, receiver)


def test_a_server_that_is_down_keeps_no_other_from_its_release(
    place: GatePlace, receiver: Receiver
) -> None:
    down = Sftp(**{**vars(receiver.sftp), "name": "down", "port": 1})
    broken = Sftp(**{**vars(receiver.sftp), "name": "broken", "key": place.settings.calendar})
    settings = place.change(sftp=(down, broken, receiver.sftp)).settings
    outcomes = list(push_release(settings, "2025Q1", "", place.clock))
    reached = [(one.name, one.is_reached) for one in outcomes]
    assert reached == [("down", False), ("broken", False), ("patrol", True)]
    assert all("MS743" in one.said for one in outcomes[:2])
    assert verify(receiver.root / TARGET).passed


def test_a_server_with_another_key_gets_nothing(
    place: GatePlace, receiver: Receiver, tmp_path: Path
) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    (tmp_path / "known_hosts").write_text(f"[127.0.0.1]:{receiver.sftp.port} {other}")
    error = refuse(place, receiver)
    assert error.startswith("MS743: ")
    assert "pinned" in error
    assert receiver.list_names() == []


def test_a_server_that_is_not_pinned_or_not_there_gets_nothing(
    place: GatePlace, receiver: Receiver, tmp_path: Path
) -> None:
    (tmp_path / "known_hosts").write_text("")
    assert refuse(place, receiver).startswith("MS743")
    receiver.sftp = Sftp(**{**vars(receiver.sftp), "port": 1})
    assert refuse(place, receiver).startswith("MS743")
    receiver.sftp = Sftp(**{**vars(receiver.sftp), "key": tmp_path / "nowhere.key"})
    assert "named as key or known_hosts" in refuse(place, receiver)
    assert receiver.list_names() == []


def test_nothing_is_pushed_before_its_hour_or_beyond_a_tier(
    place: GatePlace, receiver: Receiver
) -> None:
    assert refuse(place, receiver, "2025Q3").startswith("MS726")
    receiver.sftp = Sftp(**{**vars(receiver.sftp), "tier": "public"})
    assert refuse(place, receiver, "2025Q2").startswith("MS727")
    with pytest.raises(GateError, match="MS722"):
        push(place, receiver, "1999Q1")
    place.clock = StandingClock(datetime(2025, 7, 15, 12, 59, tzinfo=UTC))
    assert refuse(place, receiver).startswith("MS726")
    assert receiver.list_names() == []
    assert {row["event"] for row in rows(place)} == {"push-refused"}


def test_a_release_that_does_not_verify_is_not_pushed(place: GatePlace, receiver: Receiver) -> None:
    (place.folder / "index.html").write_text("changed")
    assert refuse(place, receiver).startswith("MS728")
    assert receiver.list_names() == []


def test_an_unsigned_release_is_pushed_without_a_signature(
    place: GatePlace, receiver: Receiver
) -> None:
    (place.folder / SIGNATURE_NAME).unlink()
    place = place.change(public_key=None)
    assert push(place, receiver) == "pushed"
    assert push(place, receiver) == "already there"


def test_a_receiver_that_is_not_in_the_settings_is_a_sentence(
    place: GatePlace, receiver: Receiver
) -> None:
    settings = place.change(sftp=(receiver.sftp,)).settings
    with pytest.raises(GateError, match="MS746"):
        list(push_release(settings, "2025Q1", "other", place.clock))
