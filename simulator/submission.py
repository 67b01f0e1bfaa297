"""When police submit an incident, and with which delivery it comes.

Months to submission follow Vermont's shares up to three; some incidents take up to two years. Does
not belong here: what happened (`police`).
"""

from __future__ import annotations

from datetime import date
from functools import cache

from simulator.calibration import figure
from simulator.chance import Chance, Wheel
from simulator.segments import Submission
from sources.quarters import Quarter


def submission_limit(quarter: Quarter) -> tuple[int, int]:
    """Year and month of the last submissions that come with a quarter's delivery: one later."""
    following = quarter.next().first_day
    return following.year, following.month


@cache
def _months_to_submission() -> Wheel[int]:
    """Up to 3 months with Vermont's shares; beyond, up to two years, with shares of their own."""
    names = ("0_months", "1_month", "2_months", "3_months")
    soon = {lag: figure(f"nibrs_lag_{name}") for lag, name in enumerate(names)}
    late, old = figure("nibrs_lag_4_to_12_months"), figure("nibrs_lag_13_to_24_months")
    scale = (1 - late - old) / sum(soon.values())
    return Wheel(
        {lag: share * scale for lag, share in soon.items()}
        | dict.fromkeys(range(4, 13), late / 9)
        | dict.fromkeys(range(13, 25), old / 12)
    )


def submit(ori: str, day: date, chance: Chance) -> Submission:
    """When a force submits an incident of a day."""
    month = day.month - 1 + chance.spin(_months_to_submission())
    return Submission(ori, day.year + month // 12, month % 12 + 1)


def quarters_late(chance: Chance) -> int:
    """How many quarters an incident is older than its delivery, by the months to submission."""
    return max(0, chance.spin(_months_to_submission()) - 1) // 3


def go_back(quarter: Quarter, count: int) -> Quarter:
    """The quarter so many before another."""
    for _ in range(count):
        quarter = quarter.previous()
    return quarter


def submit_within(quarter: Quarter, submission: Submission) -> Submission:
    """The same submission, or the last one that comes with a quarter's delivery."""
    year, month = min(submission[1:], submission_limit(quarter))
    return Submission(submission.ori, year, month)
