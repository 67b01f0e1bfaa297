"""The one door: the only place where exact counts become released ones, once per charge.

Order of steps, each committed before the next: read and check, charge, mark the draw as begun,
draw, record what was drawn, return it. Does not belong here: how any of these steps is done.

What a crash leaves behind:
before the charge, nothing; after the charge, a charge that the next call uses; after the mark, a
charge that is spent for good, because noise may have been seen; after the record, the release.
"""

from collections.abc import Callable

from privacy.chain import Charge, Entry
from privacy.errors import PrivacyError
from privacy.exact import ExactRelease
from privacy.ledger import Ledger
from privacy.noise import FrameMechanism
from privacy.plan import Plan
from privacy.publishing import Publisher
from privacy.released import Release, read_release


def release(plan: Plan, read_exact: Callable[[], ExactRelease], ledger: Ledger) -> Release:
    """Return the release of a plan: what was drawn before, or else drawn now, once.

    A second process waits until the first is done and gets the same release. `read_exact` is
    called only where nothing was drawn yet and the plan can be paid.

    Raises:
        PrivacyError: MS624 (another plan was charged), MS625 (a cap), MS626 (a draw was begun and
            lost), MS612 (the plan's cost is not its real cost), MS609 (wrong frames), MS614 (an
            agency is missing or unknown), MS629 (drawn in an older form), and those of the ledger.
            What `read_exact` raises passes through, and nothing is charged then.
    """
    charge = Charge(plan.quarter, plan.hash, plan.rho)
    with ledger.lock():
        ledger.check_charge(charge, plan.policy.caps)
        drawn = ledger.find_drawn(plan.quarter)
        if drawn is None:
            drawn = _draw(plan, charge, read_exact, ledger)
    return _read_drawn(drawn)


def recall(quarter: str, ledger: Ledger) -> Release | None:
    """Return the release of a quarter as it was drawn, or None; raises MS626, MS629."""
    drawn = ledger.find_drawn(quarter)
    return None if drawn is None else _read_drawn(drawn)


def _draw(
    plan: Plan, charge: Charge, read_exact: Callable[[], ExactRelease], ledger: Ledger
) -> Entry:
    mechanisms = [
        (frame.frame, FrameMechanism(frame.frame, frame.list_queries())) for frame in plan.frames
    ]
    if sum(mechanism.rho for _, mechanism in mechanisms) != plan.rho:
        raise PrivacyError("MS612", quarter=plan.quarter)
    publisher = Publisher(plan)
    exact = read_exact()
    if not isinstance(exact, ExactRelease):
        raise PrivacyError("MS609", problem="They must come as an ExactRelease")
    exact.require([frame for frame, _ in mechanisms], plan.policy.sources)
    ledger.charge(charge, plan.policy.caps)
    ledger.begin_draw(charge)
    cells: dict[str, list[int]] = {}
    for frame, mechanism in mechanisms:
        cells |= mechanism.draw(exact.take(frame.name))
    return ledger.finish_draw(charge, publisher.publish(cells, exact.provenance))


def _read_drawn(entry: Entry) -> Release:
    content = entry.payload or {}
    try:
        return read_release({**content, "drawn_at": entry.at, "ledger_head": entry.hash})
    except (ValueError, TypeError, KeyError):
        raise PrivacyError("MS629") from None
