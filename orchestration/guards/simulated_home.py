"""Whether a data home holds simulated deliveries only, so that nothing in it is about a person.

Does not belong here: what a release says of itself, which one simulated delivery makes simulated
(see `steps.releasing`).
"""

from __future__ import annotations

import json
from pathlib import Path

from orchestration.hub.settings import Settings
from sources.manifest import MANIFEST_NAME


def is_all_simulated(settings: Settings) -> bool:
    """Whether something was delivered, and every delivery, waiting or accepted, is simulated."""
    manifests = list_manifests(settings)
    return bool(manifests) and all(map(is_simulated, manifests))


def list_manifests(settings: Settings) -> list[Path]:
    """The manifests of all deliveries, waiting or accepted."""
    waiting = (settings.landing / "inbox").glob(f"*/*/{MANIFEST_NAME}")
    return [*waiting, *settings.vault.find_delivered(MANIFEST_NAME)]


def is_simulated(manifest: Path) -> bool:
    """Whether a manifest can be read and says that its delivery is simulated."""
    try:
        said = json.loads(manifest.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(said, dict) and said.get("simulated") is True
