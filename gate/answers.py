"""Answers that carry bytes: digests, entity tags, conditions and ranges.

Here: RFC 9110 conditions and one range, RFC 9530 digests, and the headers that every answer has.
Not here: which bytes (``shelf``), and failures (``problems``).
"""

from __future__ import annotations

import base64
import hashlib
import re

from starlette.requests import Request
from starlette.responses import Response

from gate.errors import GateError

JSON = "application/json"
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


def answer(
    request: Request,
    content: bytes,
    media: str,
    headers: dict[str, str] | None = None,
    digest: bytes | None = None,
) -> Response:
    """Answer with bytes, a part of them, or that the client has them already.

    Args:
        request: What was asked.
        content: All bytes.
        media: Their media type.
        headers: Sent beside those that every answer has.
        digest: SHA-256 of the bytes, where they were just hashed.

    Raises:
        GateError: MS735, the part that was asked for is not there.
    """
    digest = digest or hashlib.sha256(content).digest()
    tag = f'"{digest.hex()}"'
    sent = {
        "ETag": tag,
        "Repr-Digest": write_digest(digest),
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Vary": "Authorization, Cookie",
        **(headers or {}),
    }
    if _has(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=sent)
    part = _find_range(request, tag, len(content))
    if part is None:
        return Response(content, headers=sent, media_type=media)
    first, last = part
    sent["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
    return Response(content[first : last + 1], 206, headers=sent, media_type=media)


def write_digest(digest: bytes) -> str:
    """A SHA-256 as RFC 9530 writes it."""
    return f"sha-256=:{base64.b64encode(digest).decode()}:"


def _has(condition: str | None, tag: str) -> bool:
    if condition is None:
        return False
    named = [one.strip().removeprefix("W/") for one in condition.split(",")]
    return condition.strip() == "*" or tag in named


def _find_range(request: Request, tag: str, size: int) -> tuple[int, int] | None:
    """First and last byte of the one range that was asked for; several are answered in whole."""
    match = _RANGE.fullmatch(request.headers.get("range", ""))
    if request.method != "GET" or match is None or match.groups() == ("", ""):
        return None
    condition = request.headers.get("if-range")
    if condition is not None and condition.strip() != tag:
        return None
    start, end = match.groups()
    if start and end and int(end) < int(start):
        return None
    first = int(start) if start else max(0, size - int(end))
    last = min(int(end), size - 1) if start and end else size - 1
    if first > last:
        raise GateError("MS735", {"Content-Range": f"bytes */{size}"})
    return first, last
