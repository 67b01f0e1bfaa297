"""Quarters are released in their order, and none that was delivered is passed over unseen."""

from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from orchestration.guards import quarter_order
from orchestration.guards.quarter_order import refuse_passed_quarter, refuse_passing_over
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import Settings
from orchestration.steps.approving import find_approvals
from privacy.approval.plan_folder import PLAN_NAME, PlanFolder
from privacy.canonical import compute_sha256
from privacy.errors import PrivacyError
from privacy.policy.policy import load_policy
from sources.quarters import Quarter

Q1, Q2, Q3 = Quarter(2025, 1), Quarter(2025, 2), Quarter(2025, 3)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path)


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have these quarters released, and no other."""

    def _release(*quarters: Quarter) -> None:
        monkeypatch.setattr(quarter_order, "find_kept_quarters", lambda _: frozenset(quarters))

    return _release


def deliver(settings: Settings, *quarters: Quarter, agency: str = "dss") -> None:
    for quarter in quarters:
        (settings.vault.raw(agency, str(quarter)) / "0001").mkdir(parents=True)


def reject(settings: Settings, quarter: Quarter) -> PlanFolder:
    """Put up a plan and reject it."""
    review = find_approvals(quarter, settings).plan_folder
    review.put_plan("a plan")
    review.reject(compute_sha256("a plan"), "A reason.", "2026-01-01T00:00:00Z")
    return review


@pytest.mark.parametrize("released", [(), (Q1,), (Q2,), (Q2, Q3)])
def test_a_quarter_is_built_that_was_released_or_after_which_none_was(
    released: Collection[Quarter],
) -> None:
    refuse_passed_quarter(Q2, released)


def test_a_quarter_that_was_passed_over_is_never_built() -> None:
    with pytest.raises(OrchestrationError, match=r"MS928.*2025Q2.*2025Q3") as caught:
        refuse_passed_quarter(Q2, {Q1, Q3})
    assert caught.value.exit_code == 5


def test_a_release_does_not_pass_over_a_delivered_quarter(settings, release) -> None:
    release()
    deliver(settings, Q1, Q2, Q3)
    deliver(settings, Q1, agency="mshp")
    with pytest.raises(OrchestrationError, match=r"MS926.*2025Q3.*to 2025Q1, 2025Q2,") as caught:
        refuse_passing_over(Q3, settings)
    assert caught.value.exit_code == 4
    release(Q1)
    with pytest.raises(OrchestrationError, match=r"MS926.*to 2025Q2,"):
        refuse_passing_over(Q3, settings)
    release(Q1, Q2)
    refuse_passing_over(Q3, settings)


def test_a_release_does_not_pass_over_a_quarter_whose_delivery_waits_in_an_inbox(
    settings, release
) -> None:
    release(Q1)
    for folder in (str(Q2), "2025-Q2", "notes"):
        inbox = settings.zones.inbox("dss", folder)
        inbox.mkdir(parents=True)
        (inbox / "manifest.json").touch()
    with pytest.raises(OrchestrationError, match=r"MS926.*to 2025Q2,"):
        refuse_passing_over(Q3, settings)
    release(Q1, Q2)
    refuse_passing_over(Q3, settings)


def test_a_rejection_passes_a_quarter_over_for_good(settings, release) -> None:
    release(Q1)
    deliver(settings, Q1, Q2, Q3)
    with pytest.raises(OrchestrationError, match=r"MS926.*to 2025Q2,"):
        refuse_passing_over(Q3, settings)
    reject(settings, Q2)
    refuse_passing_over(Q3, settings)


def test_a_quarter_for_which_another_plan_waits_since_a_rejection_is_not_passed_over(
    settings, release
) -> None:
    release(Q1)
    deliver(settings, Q2)
    reject(settings, Q2).put_plan("another plan")
    with pytest.raises(OrchestrationError, match=r"MS926.*to 2025Q2,"):
        refuse_passing_over(Q3, settings)


def test_a_rejected_plan_that_is_gone_passes_nothing_over(settings, release) -> None:
    release(Q1)
    deliver(settings, Q2)
    (reject(settings, Q2).folder / PLAN_NAME).unlink()
    with pytest.raises(PrivacyError, match=r"MS650.*2025Q2"):
        refuse_passing_over(Q3, settings)


def test_quarters_that_were_not_delivered_or_come_later_are_passed_over_by_nobody(
    settings, release
) -> None:
    release()
    refuse_passing_over(Q3, settings)
    deliver(settings, Q2, Q3)
    refuse_passing_over(Q2, settings)


def test_what_was_delivered_for_before_the_first_day_of_record_is_not_waited_for(
    settings, release
) -> None:
    release()
    year, month, _ = map(int, load_policy().first_day_of_record.split("-"))
    first = Quarter(year, (month + 2) // 3)
    deliver(settings, first.previous())
    refuse_passing_over(Q3, settings)
    deliver(settings, first)
    with pytest.raises(OrchestrationError, match=f"MS926.*to {first},"):
        refuse_passing_over(Q3, settings)
