"""Failures as answers: RFC 9457 problems for programs, a short page for people.

Here: one function from an error to an answer. Not here: the sentences (``errors``).
"""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response

from gate.errors import GateError
from gate.pages import render

MEDIA = "application/problem+json"
SCHEMA = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "code": {"type": "string", "pattern": "^MS7[0-9]{2}$"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
    "required": ["type", "code", "title", "status", "detail"],
    "additionalProperties": False,
}


def describe_problem(error: GateError) -> bytes:
    """The body of a problem."""
    content = {
        "type": "about:blank",
        "code": error.code,
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
    }
    return json.dumps(content, ensure_ascii=False).encode()


def wants_page(request: Request) -> bool:
    """Whether a person looks at the answer in a browser."""
    is_api = request.url.path.startswith("/api/v1/")
    return "text/html" in request.headers.get("accept", "") and not is_api


def answer_problem(request: Request, error: GateError) -> Response:
    """The answer of a failure."""
    headers = {"Cache-Control": "no-store", **error.headers}
    if wants_page(request):
        return render("problem.html", error.status, headers, error=error)
    return Response(describe_problem(error), error.status, headers, MEDIA)
