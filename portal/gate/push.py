"""Releases to agencies that take files over SFTP only.

Here: a release goes into a folder aside, is renamed as a whole, and gets its signature last, so
that a folder with a signature is complete. Not here: which releases are open (``calendar``). The
receiver's host key is pinned; every file has its row in the audit before its bytes leave.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING

from portal.containers import RECORD_NAME, SIGNATURE_NAME
from portal.gate.audit import AuditLog, Entry
from portal.gate.calendar import Announcement
from portal.gate.errors import GateError
from portal.gate.identity import Caller
from portal.gate.settings import Sftp
from portal.gate.shelf import Shelf, ShelvedRelease
from portal.gate.tokens import Clock
from portal.gate.visits import describe_step

if TYPE_CHECKING:
    from asyncssh import SFTPClient

SECONDS = 60
PUSHED = "pushed"
ALREADY = "already there"


def push(
    shelf: Shelf, log: AuditLog, clock: Clock, announcement: Announcement, server: Sftp
) -> str:
    """Put one release onto an agency's server; says whether it was there already.

    Raises:
        GateError: MS726, MS727, it is not open to that agency; MS728, MS729, it cannot be served;
            MS738, it cannot be recorded; MS743, the server or the way there failed; MS744,
            something else has its name there.
    """
    release_id = announcement.release_id
    receiver = Caller(f"sftp:{server.name}", server.agency, server.tier)
    try:
        receiver.check(announcement, clock())
        release = shelf.get(release_id)
        files = {path: shelf.read(release, path)[1] for path in _order(release)}
        outcome = asyncio.run(_push(server, release, files, log, receiver))
    except GateError as error:
        log.write([_describe(receiver, "push-refused", release_id, code=error.code)])
        raise
    log.write([_describe(receiver, outcome.replace(" ", "-"), release_id)])
    return outcome


def _order(release: ShelvedRelease) -> list[str]:
    """Every path; release.json last but for its signature."""
    last = (RECORD_NAME, SIGNATURE_NAME)
    return [
        *(path for path in release.items if path not in last),
        *(path for path in last if path in release.items),
    ]


async def _push(
    server: Sftp,
    release: ShelvedRelease,
    files: Mapping[str, bytes],
    log: AuditLog,
    receiver: Caller,
) -> str:
    import asyncssh

    try:
        async with (
            asyncio.timeout(SECONDS),
            asyncssh.connect(
                server.host,
                server.port,
                username=server.user,
                client_keys=[str(server.key)],
                known_hosts=str(server.known_hosts),
                config=None,
                agent_path=None,
            ) as connection,
            connection.start_sftp_client() as remote,
        ):
            return await _deliver(remote, server, release, files, log, receiver)
    except asyncssh.HostKeyNotVerifiable:
        reason = "The server's key is not the one that is pinned"
    except FileNotFoundError:
        reason = "The file named as key or known_hosts in the settings is not there"
    except (OSError, asyncssh.Error) as error:  # a timeout is an OSError too
        reason = f"The connection or the server failed with {type(error).__name__}"
    raise GateError("MS743", release_id=release.release_id, name=server.name, reason=reason)


async def _deliver(
    remote: SFTPClient,
    server: Sftp,
    release: ShelvedRelease,
    files: Mapping[str, bytes],
    log: AuditLog,
    receiver: Caller,
) -> str:
    target = f"{server.folder}/{release.release_id}"
    body = {path: content for path, content in files.items() if path != SIGNATURE_NAME}
    signature = files.get(SIGNATURE_NAME, b"")
    is_there = await remote.exists(target)
    if is_there:
        await _check_same(remote, server, release, target, body)
        if not signature or await _read(remote, f"{target}/{SIGNATURE_NAME}") == signature:
            return ALREADY
    log.write(
        [
            _describe(
                receiver,
                "push",
                f"{release.release_id}/{path}",
                size=item.size,
                sha256=item.sha256,
            )
            for path, item in ((path, release.items[path]) for path in files)
        ]
    )
    if not is_there:
        aside = f"{server.folder}/.{release.release_id}.{secrets.token_hex(4)}.part"
        for path, content in body.items():
            await remote.makedirs(f"{aside}/{path}".rpartition("/")[0], exist_ok=True)
            await _write(remote, f"{aside}/{path}", content)
        await remote.rename(aside, target)
    if signature:
        await _write(remote, f"{target}/{SIGNATURE_NAME}.part", signature)
        await remote.posix_rename(f"{target}/{SIGNATURE_NAME}.part", f"{target}/{SIGNATURE_NAME}")
    return PUSHED


async def _check_same(
    remote: SFTPClient,
    server: Sftp,
    release: ShelvedRelease,
    target: str,
    body: Mapping[str, bytes],
) -> None:
    differing = [
        path for path, content in body.items() if await _read(remote, f"{target}/{path}") != content
    ]
    if differing:
        raise GateError(
            "MS744",
            release_id=release.release_id,
            name=server.name,
            files=", ".join(differing),
        )


async def _read(remote: SFTPClient, path: str) -> bytes | None:
    if not await remote.isfile(path):
        return None
    async with remote.open(path, "rb") as file:
        content: bytes = await file.read()
        return content


async def _write(remote: SFTPClient, path: str, content: bytes) -> None:
    async with remote.open(path, "wb") as file:
        await file.write(content)


def _describe(
    receiver: Caller, event: str, resource: str, *, code: str = "", size: int = 0, sha256: str = ""
) -> Entry:
    return describe_step(
        event, receiver.who, receiver.agency, f"releases/{resource}", code, size, sha256
    )
