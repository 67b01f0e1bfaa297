"""Drop boxes on this machine: a real SFTP server and a real S3-like one, and how to fill them."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
import boto3
import httpx
from moto.server import ThreadedMotoServer

from orchestration.hub.settings import Settings

BUCKET = "moshare-drop"


@dataclass
class SftpBox:
    """A server on a folder of this machine; it can be away, stall at some files, or be closed."""

    folder: Path
    host: asyncssh.SSHKey
    port: int = 0
    stalled: tuple[str, ...] = ()
    is_read_only: bool = False
    opened: list[str] = field(default_factory=list)

    @property
    def root(self) -> Path:
        """The folder that the box shows."""
        return self.folder / "server" / "outgoing"

    def entry(self, agency: str, name: str = "patrol") -> str:
        """What `boxes.toml` says of it."""
        return (
            f'[[box]]\nname = "{name}"\nagency = "{agency}"\n'
            f'address = "sftp://moshare@127.0.0.1:{self.port}/outgoing"\n'
            f'key = "{self.folder}/hub.key"\nknown_hosts = "{self.folder}/known_hosts"\n'
        )

    def put(self, path: str, content: bytes) -> None:
        """Leave a file in the box."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)

    def read(self, path: str) -> bytes:
        """Read a file of the box."""
        return (self.root / path).read_bytes()

    def list_names(self) -> list[str]:
        """Every file of the box."""
        return sorted(
            path.relative_to(self.root).as_posix()
            for path in self.root.rglob("*")
            if path.is_file()
        )


class _Server(asyncssh.SFTPServer):
    box: SftpBox

    def __init__(self, channel: asyncssh.SSHServerChannel) -> None:
        super().__init__(channel, chroot=str(self.box.folder / "server"))

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:  # noqa: ANN401 - as its base
        """Open a file, slowly or not at all where the box is told so."""
        self.box.opened.append(path.decode())
        if path.decode().endswith(self.box.stalled):
            await asyncio.sleep(60)
        if self.box.is_read_only and pflags & asyncssh.FXF_WRITE:
            raise asyncssh.SFTPPermissionDenied("QZJXVKWY")
        return super().open(path, pflags, attrs)

    def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """Make a folder, unless nobody may."""
        if self.box.is_read_only:
            raise asyncssh.SFTPPermissionDenied("QZJXVKWY")
        super().mkdir(path, attrs)


@contextmanager
def run_sftp_box(folder: Path) -> Iterator[SftpBox]:
    """Run a server on this machine for as long as this lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    own, host = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    own.write_private_key(folder / "hub.key")
    (folder / "hub.key").chmod(0o600)
    own.write_public_key(folder / "authorized")
    box = SftpBox(folder, host)
    box.root.mkdir(parents=True)
    with listening(box):
        yield box


@contextmanager
def listening(box: SftpBox) -> Iterator[None]:
    """Let the server of a box answer; outside of this it is away."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(
        asyncssh.listen(
            "127.0.0.1",
            box.port,
            server_host_keys=[box.host],
            authorized_client_keys=str(box.folder / "authorized"),
            sftp_factory=type("Server", (_Server,), {"box": box}),
        )
    )
    box.port = server.get_port()
    known = f"[127.0.0.1]:{box.port} {box.host.export_public_key().decode()}"
    (box.folder / "known_hosts").write_text(known)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.run_until_complete(server.wait_closed())
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.wait(tasks))
        loop.run_until_complete(asyncio.sleep(0.1))
        loop.close()


@dataclass
class S3Box:
    """A bucket on an S3-like server of this machine."""

    folder: Path
    endpoint: str
    client: Any

    def entry(self, agency: str, name: str = "bucket") -> str:
        """What `boxes.toml` says of it."""
        return (
            f'[[box]]\nname = "{name}"\nagency = "{agency}"\n'
            f'address = "s3://{BUCKET}/outgoing"\nendpoint = "{self.endpoint}"\n'
            f'credentials = "{self.folder}/s3.toml"\n'
        )

    def put(self, path: str, content: bytes) -> None:
        """Leave a file in the box."""
        self.client.put_object(Bucket=BUCKET, Key=f"outgoing/{path}", Body=content)

    def read(self, path: str) -> bytes:
        """Read a file of the box."""
        return self.client.get_object(Bucket=BUCKET, Key=f"outgoing/{path}")["Body"].read()

    def list_names(self) -> list[str]:
        """Every file of the box."""
        listed = self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return sorted(one["Key"].removeprefix("outgoing/") for one in listed)


@contextmanager
def run_s3_box(folder: Path) -> Iterator[S3Box]:
    """Run an S3-like server on this machine for as long as this lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        httpx.post(f"{endpoint}/moto-api/reset")  # all servers of a process hold the same
        client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="hub",
            aws_secret_access_key="QZJXVKWY",  # noqa: S106 - of this server alone
        )
        client.create_bucket(Bucket=BUCKET)
        (folder / "s3.toml").write_text('access_key = "hub"\nsecret_key = "QZJXVKWY"\n')
        (folder / "s3.toml").chmod(0o600)
        yield S3Box(folder, endpoint, client)
    finally:
        server.stop()


def name_boxes(settings: Settings, *entries: str) -> None:
    """Write boxes.toml into a data home."""
    settings.boxes.write_text("".join(entries))
