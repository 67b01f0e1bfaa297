"""Around the whole application: no byte of an answer leaves before its row is in the audit.

Here: the ASGI layer that has everyone met first, refuses what no handler should see, holds an
answer back until it is recorded, and turns anything unexpected into a sentence. Not here: what
handlers do, and who asks (``reception``).
"""

from __future__ import annotations

import hashlib
import logging
import traceback
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gate.answers import write_digest
from gate.audit import Entry
from gate.csp import FOR_FILES
from gate.errors import GateError
from gate.problems import MEDIA, answer_problem, describe_problem
from gate.reception import HEALTH, Facts, Reception
from gate.recording import Recorder
from gate.settings import GateSettings

RECEIPT = "Moshare-Receipt"
TOO_LONG = 431
ADDED_UP = "refusals"
"""The event of a row that stands for many refusals."""
VERSIONS = ("1.0", "1.1")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
COMMON = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with none at all, browsers send forms without an origin
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}
_OF_NOTHING = hashlib.sha256(b"").digest()
SECURE = {"Strict-Transport-Security": "max-age=31536000"}

_LOG = logging.getLogger(__name__)


def find_facts(request: Request) -> Facts:
    """The facts of a request that came through ``Recorded``."""
    facts: Facts = request.scope["state"]["facts"]
    return facts


class Recorded:
    """Wraps an application; keeps each answer until it is recorded."""

    def __init__(
        self, app: ASGIApp, settings: GateSettings, recorder: Recorder, reception: Reception
    ) -> None:
        self._app = app
        self._settings = settings
        self._recorder = recorder
        self._reception = reception

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        facts = Facts(scope["client"][0] if scope.get("client") else "")
        scope.setdefault("state", {})["facts"] = facts
        start, body = await self._run(scope, receive)
        if scope["path"] == HEALTH and start["status"] == 200:
            await _send(send, start, body, {})
            return
        await self._record(Request(scope), facts, start, body, send)

    async def refuse_unread(self, address: str, status: int) -> tuple[int, dict[str, str], bytes]:
        """Record the refusal of something that is no request; gives status, headers and body."""
        error = GateError("MS733", status=status)
        facts = Facts(address, event="refusal")
        try:
            self._reception.meet_stranger(facts)
        except GateError as haste:
            error = haste
        facts.code = error.code
        body = describe_problem(error)
        digest = hashlib.sha256(body).digest()
        headers = await self._write(facts, "other", error.status, len(body), digest)
        return error.status, {"Content-Type": MEDIA, **error.headers, **headers}, body

    async def _run(self, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
        held: list[Message] = []

        async def hold(message: Message) -> None:
            held.append(message)

        try:
            self._reception.meet(Request(scope), scope["state"]["facts"])
            self._check(scope, Headers(scope=scope))
            await self._app(scope, receive, hold)
        except GateError as error:
            problem = error
        except Exception as error:  # noqa: BLE001 - its message may repeat what a client sent
            _LOG.error("MS737 %s", _locate(error))
            problem = GateError("MS737")
        else:
            return _join(held)
        scope["state"]["facts"].code = problem.code
        return await _collect(answer_problem(Request(scope), problem), scope, receive)

    def _check(self, scope: Scope, headers: Headers) -> None:
        if _measure_head(scope) > self._settings.limits.header_bytes:
            raise GateError("MS733", {"Connection": "close"}, status=TOO_LONG)
        if scope["http_version"] not in VERSIONS:
            raise GateError("MS733", {"Connection": "close"})
        if headers.getlist("host") not in [[host] for host in self._settings.hosts]:
            raise GateError("MS731", {"Connection": "close"})
        length = headers.get("content-length", "0")
        too_long = not length.isdigit() or int(length) > self._settings.limits.body_bytes
        if too_long or "transfer-encoding" in headers:
            raise GateError("MS732", {"Connection": "close"})
        if not _is_plain(scope["raw_path"]):
            raise GateError("MS721")

    async def _record(
        self, request: Request, facts: Facts, start: Message, body: bytes, send: Send
    ) -> None:
        digest = hashlib.sha256(body).digest()
        size, sent = (0, _OF_NOTHING) if request.method == "HEAD" else (len(body), digest)
        if start["status"] >= 400 or facts.code:
            facts.event = "refusal"
        try:
            headers = await self._write(facts, request.method, start["status"], size, sent)
        except GateError as error:
            _LOG.error("%s", error.sentence)
            failed = answer_problem(request, error)
            start, body = await _collect(failed, request.scope, request.receive)
            await _send(send, start, body, {})
            return
        if body:
            headers["Content-Digest"] = write_digest(digest)
        if self._settings.is_secure:
            headers |= SECURE
        await _send(send, start, body, headers)

    async def _write(
        self, facts: Facts, method: str, status: int, size: int, digest: bytes
    ) -> dict[str, str]:
        """Record an answer and give its receipt; haste that goes on is added up, without one.

        Raises:
            GateError: MS738, it could not be written.
        """
        if facts.code == "MS725" and not self._reception.has_own_row(facts):
            who, agency, client = facts.who, facts.agency, facts.client
            self._recorder.add_up(
                Entry(ADDED_UP, who, agency, client, "", "", status, facts.code, 0, "")
            )
            return {}
        entry = _write_entry(facts, method, status, size, digest)
        return {RECEIPT: await self._recorder.record(entry)}


def _write_entry(facts: Facts, method: str, status: int, size: int, digest: bytes) -> Entry:
    return Entry(
        event=facts.event,
        who=facts.who,
        agency=facts.agency,
        address=facts.address,
        method=method if method in METHODS else "other",
        resource=facts.resource,
        status=status,
        code=facts.code,
        size=size,
        sha256=digest.hex(),
    )


def _measure_head(scope: Scope) -> int:
    lines = sum(len(name) + len(value) for name, value in scope["headers"])
    return lines + len(scope["raw_path"]) + len(scope["query_string"])


def _is_plain(path: bytes) -> bool:
    """Whether an address is written in the one way in which the gate writes it."""
    parts = path.split(b"/")
    odd = any(part in (b".", b"..") for part in parts) or b"" in parts[1:-1]
    return not odd and not set(path) & set(b"%\\;:") and parts[0] == b""


def _locate(error: Exception) -> str:
    """The kind of an error and where it came from, without its message."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {last.name}, line {last.lineno}"


async def _collect(response: Response, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
    held: list[Message] = []

    async def hold(message: MutableMapping[str, Any]) -> None:
        held.append(message)

    await response(scope, receive, hold)
    return _join(held)


def _join(held: list[Message]) -> tuple[Message, bytes]:
    start, *rest = held
    return start, b"".join(message.get("body", b"") for message in rest)


async def _send(send: Send, start: Message, body: bytes, headers: dict[str, str]) -> None:
    named = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    present = {name for name, _ in start["headers"]}
    common = [
        (name.lower().encode(), value.encode())
        for name, value in {**COMMON, "Content-Security-Policy": FOR_FILES}.items()
        if name.lower().encode() not in present
    ]
    await send({**start, "headers": [*start["headers"], *named, *common]})
    await send({"type": "http.response.body", "body": body})
