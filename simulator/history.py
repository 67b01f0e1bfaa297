"""How an incident comes to the hub: at once or late, once or again.

In real files an incident is seldom one report and done. It comes months late; it is deleted and
reported anew, in the same file or a later one, which is how the FBI has corrections sent; its
clearance follows as a change of level 1; a line stands twice. Belongs here: which of these becomes
of an incident, and the lines of it. Does not belong here: what happened (`police`), and the form of
a line (`segments`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from simulator.calibration import figure
from simulator.chance import Chance, Wheel
from simulator.police import PoliceRecord, is_juvenile
from simulator.segments import (
    Incident,
    Submission,
    write_clearance,
    write_deletion,
    write_incident,
)
from simulator.submission import submission_limit
from sources.quarters import Quarter

PLAIN = "reported once"
SENT_AGAIN = "deleted and reported anew"
CORRECTED = "reported, deleted and reported anew"
CLEARED = "cleared by a change"
REPLACED_LATER = "replaced by the next delivery"
SENT_AGAIN_LATER = "deleted and reported anew by the next delivery"
DELETED_LATER = "deleted by the next delivery"

_LATER = (REPLACED_LATER, SENT_AGAIN_LATER, DELETED_LATER)
_WITH_DRAFT = (CORRECTED, REPLACED_LATER, SENT_AGAIN_LATER)


@dataclass(frozen=True, slots=True)
class History:
    """What the deliveries say of one incident.

    Attributes:
        record: The incident as it stands where nothing takes it back.
        way: One of the constants of this module.
        repeated: Which line of the first report behind level 1 stands twice, counted round.
    """

    record: PoliceRecord
    way: str
    repeated: int | None

    @property
    def comes_later(self) -> bool:
        """Whether the next delivery says something of it too."""
        return self.way in _LATER

    def first_lines(self) -> Iterator[str]:
        """What the delivery says that brings it."""
        incident = self.record.incident
        if self.way == SENT_AGAIN:
            yield write_deletion(incident)
        if self.way == CORRECTED:
            yield from write_incident(_draft(incident))
            yield write_deletion(incident)
        lines = list(write_incident(self.first_version))
        if self.repeated is not None:
            place = 1 + self.repeated % (len(lines) - 1)
            lines.insert(place, lines[place])
        yield from lines

    def last_lines(self) -> Iterator[str]:
        """What the same delivery says behind all reports."""
        if self.way == CLEARED:
            incident = self.record.incident
            yield write_clearance(incident, incident.day + timedelta(days=5))

    def later_lines(self, quarter: Quarter) -> Iterator[str]:
        """What the delivery of a quarter says that follows the one that brought it."""
        submission = Submission(self.record.incident.submission.ori, *submission_limit(quarter))
        incident = self.record.incident._replace(submission=submission)
        if self.way in (SENT_AGAIN_LATER, DELETED_LATER):
            yield write_deletion(incident)
        if self.way in (SENT_AGAIN_LATER, REPLACED_LATER):
            yield from write_incident(incident, "R" if self.way == REPLACED_LATER else "I")

    @property
    def first_version(self) -> Incident:
        """The incident as it stands after the delivery that brings it."""
        incident = self.record.incident
        is_draft = self.comes_later and self.way in _WITH_DRAFT
        return _draft(incident) if is_draft else incident

    @property
    def later_version(self) -> Incident | None:
        """The incident as it stands after the delivery that follows; None where it is gone."""
        return None if self.way == DELETED_LATER else self.record.incident


def delivery_of(record: PoliceRecord) -> Quarter:
    """The quarter whose delivery brings an incident: the first after its submission."""
    incident = record.incident
    quarter = Quarter(incident.day.year, (incident.day.month + 2) // 3)
    while incident.submission[1:] > submission_limit(quarter):
        quarter = quarter.next()
    return quarter


def draw_history(record: PoliceRecord, seed: int, *, may_come_later: bool = True) -> History:
    """What becomes of an incident, the same whenever it is asked."""
    chance = Chance(seed, "history", record.incident.key)
    way = chance.spin(_ways())
    if way in _LATER and not may_come_later:
        way = PLAIN
    repeats = chance.happens(figure("nibrs_line_repeated"))
    return History(record, way, chance.below(12) if repeats else None)


@cache
def _ways() -> Wheel[str]:
    again, later = figure("nibrs_sent_again"), figure("nibrs_later_correction")
    shares = {
        SENT_AGAIN: again * 2 / 3,
        CORRECTED: again / 3,
        CLEARED: figure("nibrs_clearance_alone"),
        REPLACED_LATER: later / 2,
        SENT_AGAIN_LATER: later / 2,
        DELETED_LATER: figure("nibrs_deleted_for_good"),
    }
    return Wheel({PLAIN: 1 - sum(shares.values()), **shares})


def _draft(incident: Incident) -> Incident:
    """The incident as it was first written down: the first victim's age is not yet known well."""
    first, *others = incident.victims
    if first.kind == "I":
        first = first._replace(age="35" if is_juvenile(first) else "16")
    return incident._replace(victims=(first, *others), hour=(incident.hour + 1) % 24)
