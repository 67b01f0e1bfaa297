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
_SIGNERS = re.compile(r"^signers = .*\n", re.MULTILINE)
_NOT_AWAITED = 'not_awaited = ["care"]\n'
"""Children in care, whose records the switched-off tables count and no quarter waits for."""


def switch_on(text: str) -> str:
    """Take the lines out by which tables are withheld; say for whose records none waits then."""
    return _SIGNERS.sub(rf"\g<0>{_NOT_AWAITED}", _WITHHELD.sub("", text), count=1)


def load_switched_on(path: Path = REVIEWED_POLICY) -> Policy:
    """Load a policy as it would be without them."""
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder) / path.name
        other.write_text(switch_on(path.read_text("utf-8")), "utf-8")
        return load_policy(other)
