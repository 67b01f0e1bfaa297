"""What must be counted of the records that the simulator delivers, known without reading a file.

Counts are of the record as the last delivery of the simulation leaves it, by the quarter of the
event and the quarter in which the hub first knew of it. Does not belong here: what a release makes
of them (bounds, once ever).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from simulator.police import is_juvenile
from simulator.segments import Incident
from sources.quarters import Quarter

_STRICT = frozenset({"64A", "64B"})
_BROAD = _STRICT | {"40A", "40B", "40C", "370"}
_ARREST_GROUPS = {"64A": "commercial_sex_acts", "64B": "involuntary_servitude"}


class TrueCount(NamedTuple):
    """What is counted, in which group, of which quarter, and first known in which.

    `measure` is incidents and victim_records (by definition), arrests (by offence), reports and
    child_records (group all).
    """

    measure: str
    group: str
    quarter_start: date
    known_quarter_start: date


class Tally:
    """Counts of everything delivered; memory grows with trafficked children and no other record."""

    def __init__(self) -> None:
        self._final: Counter[TrueCount] = Counter()
        self._incidents: dict[str, tuple[Quarter, Incident | None]] = {}
        self._reports: dict[str, TrueCount] = {}

    def add_other_incident(self, delivery: Quarter, incident: Incident) -> None:
        """Count an incident that no later delivery speaks of."""
        self._final.update(_count_incident(delivery, incident))

    def see_incident(self, delivery: Quarter, key: str, version: Incident | None) -> None:
        """Note how an incident stands after a delivery; deliveries come in their order."""
        first, _ = self._incidents.get(key, (delivery, None))
        self._incidents[key] = first, version

    def add_child_record(self, delivery: Quarter, report_id: str, day: date) -> None:
        """Count a child in a report about sex trafficking."""
        self._final[_make_count("child_records", "all", day, delivery)] += 1
        report = _make_count("reports", "all", day, delivery)
        known = min(report.known_quarter_start, self._known_report(report_id, report))
        self._reports[report_id] = report._replace(known_quarter_start=known)

    def _known_report(self, report_id: str, report: TrueCount) -> date:
        return self._reports.get(report_id, report).known_quarter_start

    def counts(self) -> Counter[TrueCount]:
        """Everything counted so far."""
        whole = self._final + Counter(self._reports.values())
        for delivery, incident in self._incidents.values():
            if incident is not None:
                whole.update(_count_incident(delivery, incident))
        return whole


def _make_count(measure: str, group: str, day: date, delivery: Quarter) -> TrueCount:
    start = Quarter(day.year, (day.month + 2) // 3).first_day
    return TrueCount(measure, group, start, max(start, delivery.first_day))


def _count_incident(delivery: Quarter, incident: Incident) -> Iterator[TrueCount]:
    for arrestee in incident.arrestees:
        if arrestee.offence in _ARREST_GROUPS and arrestee.multiple != "M":
            yield _make_count("arrests", _ARREST_GROUPS[arrestee.offence], arrestee.day, delivery)
    codes = {offence.code for offence in incident.offences}
    victims = [victim for victim in incident.victims if is_juvenile(victim)]
    if not victims or not codes & _BROAD:
        return
    definition = "strict" if codes & _STRICT else "broad_only"
    yield _make_count("incidents", definition, incident.day, delivery)
    for victim in victims:
        group = "strict" if _STRICT.intersection(victim.offences) else "broad_only"
        yield _make_count("victim_records", group, incident.day, delivery)
