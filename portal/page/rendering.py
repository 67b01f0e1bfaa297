"""From the page's description to its HTML: one file that asks nothing of anybody.

Here: the templates' surroundings, and the policy by which a browser refuses all that is not in the
file. Not here: what the page says (``description``).
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from portal.page.description import Page

TEMPLATES = Path(__file__).parents[1] / "templates"
_COMMENT = re.compile(r"(?ms)^ *\/\*.*?\*\/\n")
_INDENT = re.compile(r"(?m)^\s+")


def render_page(page: Page) -> bytes:
    """The HTML of a page: one file, UTF-8, with its style, its scripts and its numbers inside."""
    environment = _open_templates()
    style, script = (
        _shorten(environment.get_template(name).render()) for name in ("release.css", "release.js")
    )
    template = environment.get_template("release.html")
    return template.render(
        page=page,
        style=Markup(style),  # noqa: S704 - files of this room
        script=Markup(script),  # noqa: S704
        payload=Markup(page.payload),  # noqa: S704 - JSON without "<"
        policy=Markup(_write_policy(style, script)),  # noqa: S704
    ).encode("utf-8")


@cache
def _open_templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES, encoding="utf-8"),
        autoescape=jinja2.select_autoescape(["html"]),
        finalize=_set_apostrophes,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _shorten(text: str) -> str:
    """Style or script without comments that begin a line, and without what indents its lines."""
    return _INDENT.sub("", _COMMENT.sub("", text))


def _write_policy(style: str, script: str) -> str:
    """What a browser may do with the page: run and show what is inside, and reach its own folder.

    The folder is reached only when a reader asks the page to check the signature.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_hash(style)}'",
            f"script-src '{_hash(script)}'",
            "img-src data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _set_apostrophes(value: object) -> object:
    if isinstance(value, str) and not isinstance(value, Markup):
        return value.replace("'", "’")
    return value
