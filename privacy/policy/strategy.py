"""The stored split of the budget: which tables are measured, and what share each of them gets.

Computed once for a policy and its key lists (`moshare policy optimise`), reviewed and kept beside
the policy, so that a plan is a fact to be signed and not the result of a search. Does not belong
here: the search (privacy.policy.optimise) and noise scales (privacy.plan).
"""

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from privacy.canonical import compute_sha256, to_canonical_json
from privacy.engine.frames import Frame
from privacy.errors import PrivacyError
from privacy.policy.keys import PublicKeys
from privacy.policy.policy import REVIEWED_POLICY, Policy

STORED_STRATEGY = REVIEWED_POLICY.with_name("strategy.json")


@dataclass(frozen=True)
class Share:
    """One table to be measured, and its share of the budget of its cadence."""

    frame: str
    level: str
    dimensions: tuple[str, ...]
    share: Fraction


@dataclass(frozen=True)
class Split:
    """The shares of one budget; `gap` is how far its error is above the SVD bound (0.01: 1 %)."""

    cadence: str
    gap: str
    shares: tuple[Share, ...]


@dataclass(frozen=True)
class Strategy:
    """The splits of all budgets of a policy, and the hashes of what they were computed for."""

    policy_hash: str
    keys_hash: str
    splits: tuple[Split, ...]

    def to_text(self) -> str:
        """Return the JSON text that is stored, one share a line."""
        lines = [
            f'"keys_hash":"{self.keys_hash}"',
            f'"policy_hash":"{self.policy_hash}"',
            f'"splits":[{",".join(map(_write_split, self.splits))}\n]',
        ]
        return "{\n" + ",\n".join(lines) + "\n}\n"

    @property
    def hash(self) -> str:
        """SHA-256 of the stored text."""
        return compute_sha256(self.to_text())

    def find_shares(self, frame: str) -> tuple[Share, ...]:
        """Return the shares of one frame."""
        return tuple(
            share for split in self.splits for share in split.shares if share.frame == frame
        )


def load_strategy(path: Path = STORED_STRATEGY) -> Strategy:
    """Read the stored split; raises PrivacyError MS645 where it is missing or in another form."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        splits = tuple(_read_split(split) for split in content["splits"])
        return Strategy(content["policy_hash"], content["keys_hash"], splits)
    except (OSError, ValueError, TypeError, KeyError, ZeroDivisionError):
        raise PrivacyError("MS645", file=path.name) from None


def make_frames(policy: Policy, keys: PublicKeys) -> dict[str, Frame]:
    """Return the geometry of every frame of the policy, by name."""
    return {
        frame.name: Frame(
            name=frame.name,
            kind=frame.kind,
            levels=keys.tree(frame.geography)[: len(frame.levels)],
            columns=frame.columns,
            keys=tuple(tuple(key.key for key in keys.of(name)) for name in frame.columns),
            bound=frame.bound,
        )
        for frame in policy.frames.values()
    }


def _write_split(split: Split) -> str:
    shares = ",\n  ".join(
        to_canonical_json(
            {
                "frame": share.frame,
                "level": share.level,
                "dimensions": share.dimensions,
                "share": share.share,
            }
        )
        for share in split.shares
    )
    head = f'"cadence":"{split.cadence}","gap":"{split.gap}"'
    return f'\n {{{head},"shares":[\n  {shares}\n ]}}'


def _read_split(content: dict[str, Any]) -> Split:
    shares = tuple(
        Share(
            share["frame"],
            share["level"],
            tuple(share["dimensions"]),
            Fraction(share["share"]),
        )
        for share in content["shares"]
    )
    return Split(content["cadence"], content["gap"], shares)
