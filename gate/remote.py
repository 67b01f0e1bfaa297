"""A folder on an agency's SFTP server: files written, compared and renamed there, many at once.

Here: the steps, each with a limit on how long nothing may move. Not here: which files, and in which
order (``push``). Only what every server of the protocol's version 3 has is needed
(draft-ietf-secsh-filexfer-02); renaming over a file is used where the server offers it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from gate.settings import Sftp

if TYPE_CHECKING:
    from asyncssh import SFTPClient

STALL_SECONDS = 60.0
"""How long nothing may move before a server is given up; the whole may take as long as it takes."""
FILES_AT_ONCE = 16
PIECE = 262_144
"""Bytes of a file after which it is noted that something moved."""

Given = TypeVar("Given")


class RemoteFolder:
    """One folder of a server that is connected; every method raises OSError or asyncssh.Error."""

    def __init__(self, client: SFTPClient, folder: str, limit: asyncio.Timeout) -> None:
        self._client = client
        self._folder = folder
        self._limit = limit

    async def exists(self, path: str) -> bool:
        """Whether there is anything of this name."""
        return await self._move(self._client.exists(self._place(path)))

    async def list_differing(self, files: Mapping[str, bytes]) -> list[str]:
        """The paths of files that are not there with exactly these bytes."""
        differing = []

        async def compare(path: str) -> None:
            if not await self._is_same(path, files[path]):
                differing.append(path)

        await _do_all(compare, files)
        return sorted(differing)

    async def write_all(self, files: Mapping[str, bytes]) -> None:
        """Write files, with the folders that they lie in."""
        for folder in sorted({path.rpartition("/")[0] for path in files}):
            await self._move(self._client.makedirs(self._place(folder), exist_ok=True))
        await _do_all(lambda path: self._write(path, files[path]), files)

    async def rename(self, path: str, target: str) -> None:
        """Rename something; nothing may have the other name."""
        await self._move(self._client.rename(self._place(path), self._place(target)))

    async def replace(self, path: str, target: str) -> None:
        """Rename a file over another; where the server cannot, the other is removed before."""
        from asyncssh import SFTPOpUnsupported

        try:
            await self._move(self._client.posix_rename(self._place(path), self._place(target)))
        except SFTPOpUnsupported:
            if await self.exists(target):
                await self._move(self._client.remove(self._place(target)))
            await self.rename(path, target)

    async def remove_matching(self, pattern: str) -> None:
        """Remove every folder with a name like this; a server that lets nobody remove keeps it."""
        from asyncssh import Error

        with suppress(Error):
            for name in await self._move(self._client.listdir(self._folder)):
                if re.fullmatch(pattern, str(name)):
                    await self._move(self._client.rmtree(self._place(str(name))))

    def _place(self, path: str) -> str:
        return f"{self._folder}/{path}"

    async def _move(self, step: Awaitable[Given]) -> Given:
        """Wait for a step, and note that something moved."""
        given = await step
        if not self._limit.expired():
            self._limit.reschedule(asyncio.get_running_loop().time() + STALL_SECONDS)
        return given

    async def _is_same(self, path: str, content: bytes) -> bool:
        place = self._place(path)
        if not await self._move(self._client.isfile(place)):
            return False
        if await self._move(self._client.getsize(place)) != len(content):
            return False
        async with self._client.open(place, "rb") as file:
            for start in range(0, len(content), PIECE):
                piece = content[start : start + PIECE]
                found: object = await self._move(file.read(len(piece), start))
                if found != piece:
                    return False
        return True

    async def _write(self, path: str, content: bytes) -> None:
        async with self._client.open(self._place(path), "wb") as file:
            for start in range(0, len(content), PIECE):
                await self._move(file.write(content[start : start + PIECE], start))


@asynccontextmanager
async def open_remote(server: Sftp) -> AsyncIterator[RemoteFolder]:
    """The folder of a server, whose host key is pinned.

    Raises:
        OSError: the way there failed, or nothing moved for too long (TimeoutError).
        asyncssh.Error: the server refused.
    """
    import asyncssh

    async with (
        asyncio.timeout(STALL_SECONDS) as limit,
        asyncssh.connect(
            server.host,
            server.port,
            username=server.user,
            client_keys=[str(server.key)],
            known_hosts=str(server.known_hosts),
            config=None,
            agent_path=None,
        ) as connection,
        connection.start_sftp_client() as client,
    ):
        yield RemoteFolder(client, server.folder, limit)


async def _do_all(do: Callable[[str], Awaitable[None]], paths: Iterable[str]) -> None:
    """Do something for every path, some at once; the first failure ends the others."""
    slots = asyncio.Semaphore(FILES_AT_ONCE)

    async def take(path: str) -> None:
        async with slots:
            await do(path)

    try:
        async with asyncio.TaskGroup() as group:
            for path in paths:
                group.create_task(take(path))
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
