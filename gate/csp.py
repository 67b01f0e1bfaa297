"""What a browser may do with a page: exactly the page's own styles and scripts, and nothing else.

Here: the Content-Security-Policy of an HTML file, computed from its bytes. Not here: other headers
(``answers``).
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from html.parser import HTMLParser

FOR_FILES = "default-src 'none'; frame-ancestors 'none'; sandbox"
MOST_ATTRIBUTES = 20
"""Different style attributes that are hashed; with more, the header would outgrow what proxies pass
on, and style attributes (not elements) are allowed whatever they say."""


class _Parts(HTMLParser):
    """Collects the texts that a browser hashes: of style and script elements, of attributes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: dict[str, list[str]] = {"script": [], "style": [], "attribute": []}
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts["attribute"] += [value or "" for name, value in attrs if name == "style"]
        if tag in ("script", "style") and "src" not in dict(attrs):
            self._inside = tag
            self.texts[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[self._inside][-1] += data


@lru_cache(maxsize=16)
def write_policy(page: bytes, *, has_form: bool = False) -> str:
    """The policy of a page; everything in it that is not hashed here is refused by the browser."""
    parts = _Parts()
    parts.feed(page.decode("utf-8").replace("\r\n", "\n"))
    parts.close()
    rules = ["default-src 'none'", "img-src 'self' data:"]
    if styles := _list_hashes(parts.texts["style"]):
        rules.append(" ".join(["style-src", *styles]))
    if attributes := _list_hashes(parts.texts["attribute"]):
        allowed = ["'unsafe-hashes'", *attributes]
        if len(attributes) > MOST_ATTRIBUTES:
            allowed = ["'unsafe-inline'"]
        rules.append(" ".join(["style-src-attr", *allowed]))
    if scripts := _list_hashes(parts.texts["script"]):
        rules.append(" ".join(["script-src", *scripts]))
    rules.append("form-action 'self'" if has_form else "form-action 'none'")
    return "; ".join([*rules, "base-uri 'none'", "frame-ancestors 'none'"])


def _list_hashes(texts: list[str]) -> list[str]:
    digests = (hashlib.sha256(text.encode()).digest() for text in texts)
    return list(dict.fromkeys(f"'sha256-{base64.b64encode(one).decode()}'" for one in digests))
