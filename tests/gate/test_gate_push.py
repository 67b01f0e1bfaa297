"""Releases pushed to an SFTP server on this machine: complete when the signature is there."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import asyncssh
import pytest
from gate_places import GatePlace, StandingClock, make_place, read_rows

from portal.gate.audit import AuditLog
from portal.gate.errors import GateError
from portal.gate.sending import push_release
from portal.gate.settings import Sftp
from portal.verify import SIGNATURE_NAME, verify

TARGET = "incoming/2025Q1"


@dataclass
class Receiver:
    """An agency's server, and the names in the order in which they appeared there."""

    root: Path
    sftp: Sftp
    seen: list[str] = field(default_factory=list)
    fail_after: int = -1

    def list_names(self) -> list[str]:
        folder = self.root / "incoming"
        return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


class NotingServer(asyncssh.SFTPServer):
    """Writes down what is opened for writing and renamed; fails where it is told to."""

    receiver: Receiver

    def __init__(self, channel: asyncssh.SSHServerChannel) -> None:
        super().__init__(channel, chroot=str(self.receiver.root))

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs):
        if pflags & asyncssh.FXF_WRITE:
            self.note(f"write {path.decode()}")
        return super().open(path, pflags, attrs)

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        self.note(f"rename {newpath.decode()}")
        super().rename(oldpath, newpath)

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        self.note(f"rename {newpath.decode()}")
        super().posix_rename(oldpath, newpath)

    def note(self, step: str) -> None:
        if len(self.receiver.seen) == self.receiver.fail_after:
            raise asyncssh.SFTPFailure("no more")
        self.receiver.seen.append(step)


@pytest.fixture
def place(tmp_path: Path) -> GatePlace:
    return make_place(tmp_path)


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    own, host = (
        asyncssh.generate_private_key("ssh-ed25519"),
        asyncssh.generate_private_key("ssh-ed25519"),
    )
    own.write_private_key(tmp_path / "push.key")
    own.write_public_key(tmp_path / "authorized")
    root = tmp_path / "agency"
    (root / "incoming").mkdir(parents=True)
    sftp = Sftp(
        name="patrol",
        agency="mshp",
        tier="partner",
        host="127.0.0.1",
        user="moshare",
        key=tmp_path / "push.key",
        known_hosts=tmp_path / "known_hosts",
        folder="incoming",
    )
    found = Receiver(root, sftp)
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(listen(found, host, tmp_path / "authorized"))
    port = server.get_port()
    line = f"[127.0.0.1]:{port} {host.export_public_key().decode()}"
    (tmp_path / "known_hosts").write_text(line)
    found.sftp = Sftp(**{**vars(sftp), "port": port})
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield found
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    server.close()
    loop.run_until_complete(server.wait_closed())
    loop.run_until_complete(asyncio.sleep(0.1))
    loop.close()


async def listen(receiver: Receiver, host: asyncssh.SSHKey, authorized: Path):
    kind = type("Server", (NotingServer,), {"receiver": receiver})
    return await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[host],
        authorized_client_keys=str(authorized),
        sftp_factory=kind,
    )


def push(place: GatePlace, receiver: Receiver, release_id: str = "2025Q1") -> list[tuple[str, str]]:
    settings = place.change(sftp=(receiver.sftp,)).settings
    return list(push_release(settings, release_id, "", place.clock))


def refuse(place: GatePlace, receiver: Receiver, release_id: str = "2025Q1") -> GateError:
    with pytest.raises(GateError) as caught:
        push(place, receiver, release_id)
    return caught.value


def rows(place: GatePlace) -> list[dict]:
    return read_rows(place.settings.state)


def test_a_release_arrives_whole_aside_first_and_signature_last(
    place: GatePlace, receiver: Receiver
) -> None:
    assert push(place, receiver) == [("patrol", "pushed")]
    arrived = receiver.root / TARGET
    assert verify(arrived).passed
    for path in place.folder.rglob("*"):
        if path.is_file():
            assert (arrived / path.relative_to(place.folder)).read_bytes() == path.read_bytes()
    *written, moved, signed, last = receiver.seen
    assert all(step.startswith("write incoming/.2025Q1.") for step in written)
    assert written[-1].endswith("/release.json")
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
    assert push(place, receiver) == [("patrol", "already there")]
    assert receiver.seen == steps
    assert rows(place)[-1]["event"] == "already-there"


def test_a_push_that_broke_off_leaves_no_release_and_is_done_again(
    place: GatePlace, receiver: Receiver
) -> None:
    receiver.fail_after = 3
    error = refuse(place, receiver)
    assert error.code == "MS743"
    assert not (receiver.root / TARGET).exists()
    assert rows(place)[-1]["code"] == "MS743"
    receiver.fail_after = -1
    assert push(place, receiver) == [("patrol", "pushed")]
    assert verify(receiver.root / TARGET).passed


def test_a_push_that_broke_off_before_the_signature_is_completed(
    place: GatePlace, receiver: Receiver
) -> None:
    push(place, receiver)
    (receiver.root / TARGET / SIGNATURE_NAME).unlink()
    receiver.seen.clear()
    assert push(place, receiver) == [("patrol", "pushed")]
    assert len(receiver.seen) == 2
    assert (receiver.root / TARGET / SIGNATURE_NAME).read_bytes() == (
        place.folder / SIGNATURE_NAME
    ).read_bytes()


def test_something_else_under_this_name_is_left_alone(place: GatePlace, receiver: Receiver) -> None:
    (receiver.root / TARGET).mkdir()
    (receiver.root / TARGET / "index.html").write_text("theirs")
    error = refuse(place, receiver)
    assert error.code == "MS744"
    assert "index.html" in error.sentence
    assert receiver.seen == []
    assert receiver.list_names() == ["2025Q1", "2025Q1/index.html"]


def test_a_server_with_another_key_gets_nothing(
    place: GatePlace, receiver: Receiver, tmp_path: Path
) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    (tmp_path / "known_hosts").write_text(f"[127.0.0.1]:{receiver.sftp.port} {other}")
    error = refuse(place, receiver)
    assert error.code == "MS743"
    assert "pinned" in error.sentence
    assert receiver.list_names() == []


def test_a_server_that_is_not_pinned_or_not_there_gets_nothing(
    place: GatePlace, receiver: Receiver, tmp_path: Path
) -> None:
    (tmp_path / "known_hosts").write_text("")
    assert refuse(place, receiver).code == "MS743"
    receiver.sftp = Sftp(**{**vars(receiver.sftp), "port": 1})
    assert refuse(place, receiver).code == "MS743"
    receiver.sftp = Sftp(**{**vars(receiver.sftp), "key": tmp_path / "nowhere.key"})
    assert "named as key or known_hosts" in refuse(place, receiver).sentence
    assert receiver.list_names() == []


def test_nothing_is_pushed_before_its_hour_or_beyond_a_tier(
    place: GatePlace, receiver: Receiver
) -> None:
    assert refuse(place, receiver, "2025Q3").code == "MS726"
    receiver.sftp = Sftp(**{**vars(receiver.sftp), "tier": "public"})
    assert refuse(place, receiver, "2025Q2").code == "MS727"
    assert refuse(place, receiver, "1999Q1").code == "MS722"
    place.clock = StandingClock(datetime(2025, 7, 15, 12, 59, tzinfo=UTC))
    assert refuse(place, receiver).code == "MS726"
    assert receiver.list_names() == []
    assert {row["event"] for row in rows(place)} == {"push-refused"}


def test_a_release_that_does_not_verify_is_not_pushed(place: GatePlace, receiver: Receiver) -> None:
    (place.folder / "index.html").write_text("changed")
    assert refuse(place, receiver).code == "MS728"
    assert receiver.list_names() == []


def test_an_unsigned_release_is_pushed_without_a_signature(
    place: GatePlace, receiver: Receiver
) -> None:
    (place.folder / SIGNATURE_NAME).unlink()
    place = place.change(public_key=None)
    assert push(place, receiver) == [("patrol", "pushed")]
    assert push(place, receiver) == [("patrol", "already there")]


def test_a_receiver_that_is_not_in_the_settings_is_a_sentence(
    place: GatePlace, receiver: Receiver
) -> None:
    settings = place.change(sftp=(receiver.sftp,)).settings
    with pytest.raises(GateError, match="MS746"):
        list(push_release(settings, "2025Q1", "other", place.clock))
