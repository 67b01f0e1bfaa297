"""From a policy to its stored split: what the published tables ask for, and what answers it best.

Looks at the policy and the public lists only. Does not belong here: the search itself
(privacy.engine.optimising) and the form of what is stored (privacy.policy.strategy).
"""

from collections.abc import Mapping
from fractions import Fraction

from privacy.engine.frames import Frame, Marginal
from privacy.engine.optimising import Demand, measure_gap, share_budget
from privacy.policy.keys import PublicKeys
from privacy.policy.policy import Policy
from privacy.policy.rows import list_rows, make_row
from privacy.policy.strategy import Share, Split, Strategy, make_frames
from privacy.released import ANNUAL, QUARTERLY

CADENCES = (QUARTERLY, ANNUAL)

Shares = Mapping[tuple[str, Marginal], Fraction]


def optimise(policy: Policy, keys: PublicKeys) -> Strategy:
    """Share each budget so that the weighted error of the published tables is least; no data."""
    frames = make_frames(policy, keys)
    splits = []
    for cadence in CADENCES:
        demands = list_demands(policy, keys, frames, cadence)
        if demands:
            shares = share_budget(demands)
            gap = f"{measure_gap(demands, shares):.4f}"
            splits.append(Split(cadence, gap, _name_shares(frames, shares)))
    return Strategy(policy.hash, keys.hash, tuple(splits))


def list_demands(
    policy: Policy, keys: PublicKeys, frames: Mapping[str, Frame], cadence: str
) -> list[Demand]:
    """Return what the published tables of a cadence ask of the measurements, in their order."""
    demands = []
    for table in policy.measured_tables:
        frame = frames[str(table.frame)]
        if policy.frames[frame.name].cadence == cadence:
            level = frame.find_level(table.level)
            rows = tuple(
                make_row(frame, level, table.dimensions, shape)
                for shape in list_rows(policy, keys, table, frame.levels[level])
            )
            marginal = Marginal(level, frame.find_axes(table.dimensions))
            demands.append(Demand(frame, marginal, rows, float(table.weight)))
    return demands


def _name_shares(frames: Mapping[str, Frame], shares: Shares) -> tuple[Share, ...]:
    named = []
    for (name, marginal), share in sorted(shares.items(), key=lambda item: item[0]):
        frame = frames[name]
        dimensions = tuple(frame.columns[axis] for axis in marginal.axes)
        named.append(Share(name, frame.levels[marginal.level].name, dimensions, share))
    return tuple(named)
