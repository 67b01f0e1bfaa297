"""An agency's server that takes releases, on this machine, and what was written there in order."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh
from gate_places import GatePlace

from gate.sending import push_release
from gate.settings import Sftp


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


@contextmanager
def run_receiver(folder: Path) -> Iterator[Receiver]:
    """Run a server on this machine; what it takes lies below the folder `agency`."""
    own, host = (
        asyncssh.generate_private_key("ssh-ed25519"),
        asyncssh.generate_private_key("ssh-ed25519"),
    )
    own.write_private_key(folder / "push.key")
    own.write_public_key(folder / "authorized")
    root = folder / "agency"
    (root / "incoming").mkdir(parents=True)
    sftp = Sftp(
        name="patrol",
        agency="mshp",
        tier="partner",
        host="127.0.0.1",
        user="moshare",
        key=folder / "push.key",
        known_hosts=folder / "known_hosts",
        folder="incoming",
    )
    found = Receiver(root, sftp)
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(listen(found, host, folder / "authorized"))
    port = server.get_port()
    line = f"[127.0.0.1]:{port} {host.export_public_key().decode()}"
    (folder / "known_hosts").write_text(line)
    found.sftp = Sftp(**{**vars(sftp), "port": port})
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield found
    finally:
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


def push(place: GatePlace, receiver: Receiver, release_id: str = "2025Q1") -> str:
    """What is said of a receiver that got the release."""
    settings = place.change(sftp=(receiver.sftp,)).settings
    (outcome,) = push_release(settings, release_id, "", place.clock)
    assert (outcome.name, outcome.is_reached) == ("patrol", True), outcome.said
    return outcome.said


def refuse(place: GatePlace, receiver: Receiver, release_id: str = "2025Q1") -> str:
    """The sentence about a receiver that did not get the release."""
    settings = place.change(sftp=(receiver.sftp,)).settings
    (outcome,) = push_release(settings, release_id, "", place.clock)
    assert (outcome.name, outcome.is_reached) == ("patrol", False)
    return outcome.said
