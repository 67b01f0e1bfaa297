"""What stands for the server of an agency that takes releases over SFTP: here, and at times away.

Does not belong here: pushing (`gate.push`).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gate.settings import Sftp


class ReleaseServer:
    """A server on this machine.

    Attributes:
        sftp: How the gate reaches it.
        is_away: Whether it drops everyone who comes.
        missed: How often it did.
    """

    def __init__(self, folder: Path, agency: str) -> None:
        self._folder = folder
        self.is_away = False
        self.missed = 0
        self.sftp = Sftp(
            name=f"{agency}-files",
            agency=agency,
            tier="public",
            host="127.0.0.1",
            user="moshare",
            key=folder / "push.key",
            known_hosts=folder / "known_hosts",
            folder="incoming",
        )

    @property
    def root(self) -> Path:
        """What lies on it."""
        return self._folder / "server"


@contextmanager
def open_release_server(folder: Path, agency: str) -> Iterator[ReleaseServer]:
    """Run the server of an agency for as long as this lasts."""
    import asyncssh

    class Visit(asyncssh.SSHServer):
        def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
            if server.is_away:
                server.missed += 1
                conn.abort()

    def open_root(channel: asyncssh.SSHServerChannel[bytes]) -> asyncssh.SFTPServer:
        return asyncssh.SFTPServer(channel, chroot=str(server.root).encode())

    server = ReleaseServer(folder, agency)
    (server.root / server.sftp.folder).mkdir(parents=True)
    own, host = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    own.write_private_key(folder / "push.key")
    own.write_public_key(folder / "authorized")
    loop = asyncio.new_event_loop()
    listener = loop.run_until_complete(
        asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=Visit,
            server_host_keys=[host],
            authorized_client_keys=str(folder / "authorized"),
            sftp_factory=open_root,
        )
    )
    server.sftp = Sftp(**{**vars(server.sftp), "port": listener.get_port()})
    known = f"[127.0.0.1]:{server.sftp.port} {host.export_public_key().decode()}"
    (folder / "known_hosts").write_text(known, "utf-8")
    listening = threading.Thread(target=loop.run_forever, daemon=True)
    listening.start()
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(loop.stop)
        listening.join()
        listener.close()
        loop.run_until_complete(listener.wait_closed())
        loop.run_until_complete(asyncio.sleep(0.1))
        loop.close()
