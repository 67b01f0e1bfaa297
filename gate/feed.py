"""The feed that tells readers of a new release: Atom, links and hashes, never a number.

Here: that form (RFC 4287). Not here: which releases a caller may open.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from gate.catalog import SIMULATED, Opened, name_release
from gate.forms import address_file, write_moment
from gate.settings import GateSettings

ATOM = "http://www.w3.org/2005/Atom"
MEDIA = "application/atom+xml"
NEVER = "1970-01-01T00:00:00Z"


def write_feed(settings: GateSettings, opened: Opened) -> bytes:
    """The feed of the releases that are given, latest first."""
    base = settings.address
    releases = list(opened)
    moments = [write_moment(announcement.opens_at) for announcement, _ in releases]
    feed = ET.Element("feed", {"xmlns": ATOM})
    _add(feed, "title", "Releases of MoShare")
    _add(feed, "id", f"{base}/feed.atom")
    _add(feed, "updated", max(moments, default=NEVER))
    _add(_add(feed, "author"), "name", settings.publisher)
    ET.SubElement(feed, "link", {"rel": "self", "type": MEDIA, "href": f"{base}/feed.atom"})
    for announcement, release in releases:
        page = address_file(base, release.release_id, "")
        entry = _add(feed, "entry")
        _add(entry, "title", name_release(release))
        _add(entry, "id", f"{base}/api/v1/releases/{release.release_id}")
        _add(entry, "updated", write_moment(announcement.opens_at))
        ET.SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": page})
        warning = f"{SIMULATED} " if release.is_simulated else ""
        _add(entry, "summary", f"{warning}SHA-256 of its release.json: {release.fingerprint}")
    content: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return content


def _add(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    child = ET.SubElement(parent, name)
    child.text = text
    return child
