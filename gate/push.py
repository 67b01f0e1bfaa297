"""Releases to agencies that take files over SFTP only.

Here: a release goes into a folder aside, is renamed as a whole, and gets its signature last, so
that a folder with a signature is complete. Not here: which releases are open (``calendar``), and
how a server is spoken to (``remote``). Every file has its row in the audit before its bytes leave.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress

from gate.audit import AuditLog, Entry
from gate.calendar import Announcement
from gate.errors import GateError
from gate.identity import Caller
from gate.remote import STALL_SECONDS, RemoteFolder, open_remote
from gate.settings import Sftp
from gate.shelf import Shelf, ShelvedRelease
from gate.tokens import Clock
from gate.visits import describe_step
from portal.containers import SIGNATURE_NAME

CLEANING_SECONDS = 10
_PART = r"\.{}\.[0-9a-f]{{8}}\.part"
"""The folders that a push of a release writes aside, by their name."""
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
        files = {path: shelf.read(release, path)[1] for path in release.items}
        outcome = asyncio.run(_push(server, release, files, log, receiver))
    except GateError as error:
        log.write([_describe(receiver, "push-refused", release_id, code=error.code)])
        raise
    log.write([_describe(receiver, outcome.replace(" ", "-"), release_id)])
    return outcome


async def _push(
    server: Sftp,
    release: ShelvedRelease,
    files: Mapping[str, bytes],
    log: AuditLog,
    receiver: Caller,
) -> str:
    import asyncssh

    try:
        async with open_remote(server) as remote:
            return await _deliver(remote, server, release, files, log, receiver)
    except asyncssh.HostKeyNotVerifiable:
        reason = "The server's key is not the one that is pinned"
    except FileNotFoundError:
        reason = "The file named as key or known_hosts in the settings is not there"
    except TimeoutError:
        reason = f"Nothing moved for {STALL_SECONDS:.0f} seconds"
    except (OSError, ValueError, asyncssh.Error) as error:
        reason = f"The connection or the server failed with {type(error).__name__}"
    raise GateError("MS743", release_id=release.release_id, name=server.name, reason=reason)


async def _deliver(
    remote: RemoteFolder,
    server: Sftp,
    release: ShelvedRelease,
    files: Mapping[str, bytes],
    log: AuditLog,
    receiver: Caller,
) -> str:
    target = release.release_id
    signed = {path: content for path, content in files.items() if path == SIGNATURE_NAME}
    body = {path: content for path, content in files.items() if path not in signed}
    await remote.remove_matching(_PART.format(re.escape(target)))
    is_there = await remote.exists(target)
    if is_there:
        if differing := await remote.list_differing(_lay(target, body)):
            names = ", ".join(path.removeprefix(f"{target}/") for path in differing)
            raise GateError("MS744", release_id=target, name=server.name, files=names)
        if not await remote.list_differing(_lay(target, signed)):
            return ALREADY
    log.write(
        [
            _describe(receiver, "push", f"{target}/{path}", size=item.size, sha256=item.sha256)
            for path, item in ((path, release.items[path]) for path in files)
        ]
    )
    if not is_there:
        await _place(remote, target, body)
    if signed:
        part = f"{target}/{SIGNATURE_NAME}.part"
        await remote.write_all({part: signed[SIGNATURE_NAME]})
        await remote.replace(part, f"{target}/{SIGNATURE_NAME}")
    return PUSHED


async def _place(remote: RemoteFolder, target: str, body: Mapping[str, bytes]) -> None:
    """Write a folder aside and rename it; where that fails, nothing of it is left if it can be."""
    aside = f".{target}.{secrets.token_hex(4)}.part"
    try:
        await remote.write_all(_lay(aside, body))
        await remote.rename(aside, target)
    except BaseException:
        with suppress(OSError):
            async with asyncio.timeout(CLEANING_SECONDS):
                await remote.remove_matching(re.escape(aside))
        raise


def _lay(folder: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {f"{folder}/{path}": content for path, content in files.items()}


def _describe(
    receiver: Caller, event: str, resource: str, *, code: str = "", size: int = 0, sha256: str = ""
) -> Entry:
    return describe_step(
        event, receiver.who, receiver.agency, f"releases/{resource}", code, size, sha256
    )
