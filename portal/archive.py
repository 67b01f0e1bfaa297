"""The folder of a release as one ZIP, the same bytes wherever and whenever it is made.

Here: packing a folder that is already there. Entries stand in order of name, carry the time of the
draw, and are stored as they are: compressed bytes depend on the version of a library. Not here:
reading an archive that came from elsewhere (``containers``).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime

MODE = 0o100644 << 16
UNIX = 3


def pack(release_id: str, drawn_at: str, files: Mapping[str, bytes]) -> bytes:
    """The archive of a release's files, all below a folder named by the release."""
    moment = datetime.fromisoformat(drawn_at).astimezone(UTC)
    time = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(f"{release_id}/{path}", time)
            entry.create_system = UNIX
            entry.external_attr = MODE
            archive.writestr(entry, files[path])
    return sink.getvalue()
