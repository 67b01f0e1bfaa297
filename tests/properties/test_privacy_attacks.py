"""The best attacks on the real mechanism stay below the bound that a release states.

The attacker knows every record but one identity's, the plan and the noise scales, and decides by
the likelihood ratio, which no other attack beats. Lower confidence bounds on its power are held
against mu = sqrt(2 rho). Frames that an identity does not change tell the attacker nothing, so only
those that it changes are drawn. Mutations of the mechanism show that a broken one is caught.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import beta
from small_policy import RULES

from privacy import door
from privacy.approval.approval import Approvals, make_officer_key, sign_plan
from privacy.approval.plan_folder import PlanFolder
from privacy.approval.policy_summary import sum_worst
from privacy.engine.exact import ExactCells, ExactCounts, ExactFrame, ExactRelease, ExactRows
from privacy.engine.frames import AGGREGATE, LINKED, ROWS, Frame
from privacy.engine.noise import FrameMechanism
from privacy.held import Custody
from privacy.ledger.chain import GENESIS
from privacy.ledger.ledger import Ledger
from privacy.plan import Plan, PlannedFrame, make_plan
from privacy.policy.keys import load_keys
from privacy.policy.policy import load_policy
from privacy.policy.strategy import load_strategy
from privacy.released import Provenance

KEYS = Path(__file__).resolve().parents[2] / "missouri" / "lists"
POLICY = load_policy()
LISTS = load_keys(KEYS, POLICY)
KINDS = {ROWS: ExactRows, LINKED: ExactCells}
RUNS = 1_000
QUARTERS = 20
DOUBT = 1e-3
CROWD = 3
NORMAL = NormalDist()

Numbers = NDArray[np.float64]
Change = Mapping[int, int]
"""What one identity adds to each leaf; its row is there in one world and gone in the other."""

CHANGES: Mapping[str, Change] = {
    "reports_to_childrens_division": {0: 2},
    "children_by_agency_in_year": {0: -1, 2: 2, 1: -1},
    "report_lag_in_year": {0: 2, 2: -2, 1: 1},
}
"""The largest changes that the bounds allow; every other frame has one more row or count."""

IN_OTHER_YEARS = {"children_by_agency_in_year": 1}
"""Of the squared bound, what falls in a year that another release tells of."""


@dataclass(frozen=True)
class Attack:
    """Likelihood ratios in both worlds: with the identity, and without it."""

    present: Numbers
    absent: Numbers

    def bound_mu(self) -> float:
        """A lower confidence bound on mu, from the rates of true and false alarms."""
        threshold = (np.median(self.present) + np.median(self.absent)) / 2
        true = int((self.present > threshold).sum())
        false = int((self.absent > threshold).sum())
        low = beta.ppf(DOUBT, true, len(self.present) - true + 1)
        high = beta.ppf(1 - DOUBT, false + 1, len(self.absent) - false)
        return NORMAL.inv_cdf(float(low)) - NORMAL.inv_cdf(float(high))

    def estimate_mu(self) -> float:
        """What mu seems to be: for Gaussian noise the ratio has a mean of half its variance."""
        spread = math.sqrt((self.present.var() + self.absent.var()) / 2)
        return float((self.present.mean() - self.absent.mean()) / spread)


def make_example(quarter: str) -> Plan:
    return make_plan(quarter, POLICY, LISTS, load_strategy(), RULES)


def hold(frame: Frame, leaves: NDArray[np.int64]) -> ExactFrame:
    """An exact frame with these counts of leaves."""
    shape = (len(frame.levels[-1].keys), *frame.sizes)
    names = (frame.leaf_column, *frame.columns)
    listed = (frame.levels[-1].keys, *frame.keys)
    rows = (
        np.arange(len(leaves))
        if frame.kind == AGGREGATE
        else np.repeat(np.arange(len(leaves)), leaves)
    )
    places = np.unravel_index(rows, shape)
    columns = {
        name: [keys[at] for at in place]
        for name, keys, place in zip(names, listed, places, strict=True)
    }
    if frame.kind == AGGREGATE:
        return ExactCounts(frame, columns, [int(count) for count in leaves])
    return KINDS[frame.kind](frame, [f"unit {number}" for number in range(len(rows))], columns)


def make_worlds(frame: Frame, change: Change) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Leaves with the identity and without it, among a crowd of others."""
    absent = np.full(frame.leaf_count, CROWD)
    present = absent.copy()
    for leaf, count in change.items():
        present[leaf] += count
    return present, absent


def find_cells(planned: PlannedFrame, leaves: NDArray[np.int64]) -> dict[str, Numbers]:
    """Exact cells of each measurement."""
    frame = planned.frame
    cells = {}
    for query in planned.list_queries():
        sums = np.zeros(frame.count_cells(query.marginal))
        np.add.at(sums, frame.find_cell_of_leaf(query.marginal), leaves)
        cells[query.name] = sums
    return cells


def attack_frame(
    planned: PlannedFrame, change: Change, *, told: float = 1.0, periods: int = 1
) -> Attack:
    """Draw a frame in both worlds and weigh what is drawn; noise is `told` times too small."""
    present, absent = make_worlds(planned.frame, change)
    here, there = find_cells(planned, present), find_cells(planned, absent)
    queries = [replace(one, scale=one.scale / told) for one in planned.list_queries()]
    mechanism = FrameMechanism(planned.frame, queries)

    def weigh(drawn: Mapping[str, Sequence[int]]) -> float:
        return math.fsum(
            float(((cells - there[query.name]) ** 2 - (cells - here[query.name]) ** 2).sum())
            / (2 * query.scale**2)
            for query in queries
            for cells in [np.array(drawn[query.name], dtype=float)]
        )

    ratios = [
        [
            math.fsum(weigh(mechanism.draw(exact)) for _ in range(periods))
            for exact in [hold(planned.frame, leaves)]
            for _ in range(RUNS)
        ]
        for leaves in (present, absent)
    ]
    return Attack(np.array(ratios[0]), np.array(ratios[1]))


def find_change(planned: PlannedFrame) -> Change:
    return CHANGES.get(planned.frame.name, {0: planned.frame.bound})


def double(change: Change) -> Change:
    """What a second row of the same identity would add."""
    return {leaf: 2 * count for leaf, count in change.items()}


def attack_release(
    plan: Plan, *, told: float = 1.0, grow: Callable[[Change], Change] = dict
) -> Attack:
    """One release, with the largest change of every frame at once."""
    return add_up([attack_frame(one, grow(find_change(one)), told=told) for one in plan.frames])


def add_up(attacks: Sequence[Attack]) -> Attack:
    return Attack(
        np.sum([one.present for one in attacks], axis=0),
        np.sum([one.absent for one in attacks], axis=0),
    )


@cache
def attack_many() -> Attack:
    """Twenty quarters of releases, in which one identity is counted as often as it can be."""
    return add_up(
        [
            attack_frame(one, find_change(one), periods=int(one.policy.quarters or 0))
            for one in make_example("2025Q4").frames
        ]
    )


def find_distance(change: Change) -> int:
    return sum(count * count for count in change.values())


@pytest.mark.parametrize("quarter", ["2025Q1", "2025Q4"])
def test_every_attacked_change_is_the_largest_that_its_bound_allows(quarter: str) -> None:
    for planned in make_example(quarter).frames:
        squared = planned.frame.bound ** (1 if planned.frame.kind == LINKED else 2)
        later = IN_OTHER_YEARS.get(planned.frame.name, 0)
        assert find_distance(find_change(planned)) == squared - later


def test_the_best_attack_on_one_release_stays_below_its_bound() -> None:
    plan = make_example("2025Q1")
    attack = attack_release(plan)
    mu = math.sqrt(2 * plan.rho)
    assert attack.bound_mu() <= mu
    assert 0.5 * mu < attack.estimate_mu() < 1.5 * mu


def test_noise_of_half_the_scale_is_caught() -> None:
    plan = make_example("2025Q1")
    assert attack_release(plan, told=2.0).bound_mu() > math.sqrt(2 * plan.rho)


def test_an_identity_that_is_counted_twice_is_caught() -> None:
    plan = make_example("2025Q1")
    assert attack_release(plan, grow=double).bound_mu() > math.sqrt(2 * plan.rho)


def test_an_identity_is_counted_in_a_limited_number_of_periods() -> None:
    assert all(one.policy.quarters for one in make_example("2025Q4").frames)


def test_twenty_quarters_of_releases_tell_no_more_than_their_composed_bound() -> None:
    mu = math.sqrt(2 * sum_worst(make_example("2025Q4"), QUARTERS))
    attack = attack_many()
    assert attack.bound_mu() <= mu
    assert 0.5 * mu < attack.estimate_mu() < 1.5 * mu


def test_a_cohort_that_is_counted_again_in_every_quarter_is_caught() -> None:
    plan = make_example("2025Q4")
    cohort = next(one for one in plan.frames if one.frame.name == "children_reported")
    again = attack_frame(cohort, find_change(cohort), periods=QUARTERS - 1)
    mu = math.sqrt(2 * sum_worst(plan, QUARTERS))
    assert add_up([attack_many(), again]).bound_mu() > mu


def test_an_identity_that_changes_nothing_cannot_be_found() -> None:
    attack = attack_frame(make_example("2025Q1").frames[0], {})
    assert not attack.present.any()
    assert not attack.absent.any()


@pytest.fixture
def signed(tmp_path: Path) -> Approvals:
    plan = make_example("2025Q1")
    review = PlanFolder(plan.quarter, tmp_path / "review" / plan.quarter)
    review.put_plan(plan.to_json())
    for name in ("doe", "roe"):
        secret = tmp_path / "secret" / f"{name}.key"
        make_officer_key(secret, tmp_path / "officers" / f"{name}.pub", None)
        review.add_signature(*sign_plan(plan.quarter, review.read_plan(), GENESIS, secret, str))
    return Approvals(review, tmp_path / "officers", tmp_path / "throwaway")


def test_asking_again_for_a_release_gains_nothing_by_averaging(
    signed: Approvals, tmp_path: Path
) -> None:
    plan = make_example("2025Q1")
    ledger = Ledger.create(tmp_path / "ledger" / "ledger.sqlite")
    custody = Custody(tmp_path / "held", lambda _: None)
    asked = []

    def read_exact() -> ExactRelease:
        asked.append(plan.quarter)
        frames = [
            hold(one.frame, np.full(one.frame.leaf_count, CROWD, dtype=np.int64))
            for one in plan.frames
        ]
        deliveries = (("dss", "full"), ("hotline", "full"), ("mshp", "full"))
        return ExactRelease(frames, Provenance(deliveries, is_simulated=True))

    texts = {
        door.release(plan, signed, read_exact, lambda _: None, ledger, custody).to_json()
        for _ in range(25)
    }
    assert len(texts) == 1
    assert asked == [plan.quarter]
    assert sum(entry.kind == "charge" for entry in ledger.read_entries()) == 1
