"""The gate's own pages: signing in, the list of releases, how to use the addresses, failures.

Here: rendering a template with its policy. Not here: the pages of releases, which are files.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import jinja2
from starlette.responses import Response

from gate.csp import write_policy

_FOLDER = Path(__file__).parent / "templates"


def render(template: str, status: int, headers: dict[str, str], **facts: object) -> Response:
    """A page as an answer; its policy lets it send a form to the gate only."""
    content = _open_templates().get_template(template).render(**facts).encode("utf-8")
    policy = write_policy(content, has_form=True)
    sent = {"Content-Security-Policy": policy, "Cache-Control": "no-store", **headers}
    return Response(content, status, sent, "text/html; charset=utf-8")


@cache
def _open_templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER, encoding="utf-8"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
