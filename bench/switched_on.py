"""The reviewed policy with its switched-off tables switched on, as an officer would do it.

Here for tests and benchmarks, which look at frames that no release reads. Does not belong here: why
they are switched off (the policy says it).
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from privacy.policy.policy import REVIEWED_POLICY, Policy, load_policy

_WITHHELD = re.compile(r"^withheld = .*\n", re.MULTILINE)


def switch_on(text: str) -> str:
    """Take the lines out of a policy's text by which tables are withheld."""
    return _WITHHELD.sub("", text)


def load_switched_on(path: Path = REVIEWED_POLICY) -> Policy:
    """Load a policy as it would be without them."""
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder) / path.name
        other.write_text(switch_on(path.read_text("utf-8")), "utf-8")
        return load_policy(other)
