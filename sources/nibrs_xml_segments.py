"""Writes the parts of one report of the NIBRS XML as the segments of the flat file.

Belongs here: which parts make up a segment, and who is tied to whom. Does not belong here: a
segment from its parts (`nibrs_xml_tails`). A segment has the shortest length of its level that
holds it.

Segments that say the same of different people are worked out once, as `nibrs_pieces` looks at them
once; what is theirs alone, a number or an ORI, is put in afterwards.

Source: FBI UCR, NIBRS IEPD 4.2 and 2019.1; for segments, 2019.1 NIBRS Technical Specification.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from lxml import etree

from sources.nibrs_xml_parts import Content, Part, TakenApart
from sources.nibrs_xml_tails import DAY, HOUR, OWN, REMEMBERED, Tail, TailWriter, write_tail
from sources.nibrs_xml_values import NOT_ASCII, Values, fit, make_plain, read_values

DANGLING = "MS347"
NO_CATEGORY = " "
"""The level of a line that stands for a report of which nobody can say what it is."""

_CATEGORIES = {"GROUP A": "1", "GROUP B": "7", "ZERO": "0"}
_LAST_EXACT_LINE = 65_534
"""Up to here libxml2 keeps the line of an element; beyond, the line where its first text ends."""


class Segments:
    """Segments as they would stand in a flat file, and where they came from; by column.

    Attributes:
        lines: without trailing blanks; what is not printable ASCII is `?`.
        raws: a line in which something was not; else None.
        source_lines: line of the XML at which the part of each begins.
        notes: place of a segment and number of a note on it.
    """

    __slots__ = ("lines", "notes", "raws", "source_lines")

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.raws: list[bytes | None] = []
        self.source_lines: list[int] = []
        self.notes: list[tuple[int, str]] = []

    def add(
        self,
        tail: Tail,
        header: str,
        element: etree._Element,
        is_odd: bool,  # noqa: FBT001
        is_dangling: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        """Add a segment; dangling if something that it refers to is not there."""
        if tail.faults:
            self.notes += [(len(self.lines), fault) for fault in tail.faults]
        if is_dangling:
            self.notes.append((len(self.lines), DANGLING))
        line = f"{tail.opening}{header}{tail.text}"
        if line[-1] == " ":
            line = line.rstrip(" ")
        self.lines.append(line)
        self.raws.append(line.encode() if is_odd or tail.is_odd else None)
        source_line = element.sourceline or 0
        if source_line > _LAST_EXACT_LINE and element.text:
            source_line -= element.text.count("\n")
        self.source_lines.append(source_line)


class _Header(NamedTuple):
    """What stands before the number of an incident in its segments.

    Attributes:
        level: of the first segment.
        text: from the action to the ORI.
        is_odd: whether any of it had a character that is not printable ASCII.
    """

    level: str
    text: str
    is_odd: bool


class _Report(NamedTuple):
    """A report, and what all of its segments share.

    Attributes:
        taken: its parts.
        level: of its first segment.
        header: from the action to the ORI.
        whose: the header and the number of the incident.
        is_odd: whether any of it had a character that is not printable ASCII.
    """

    taken: TakenApart
    level: str
    header: str
    whose: str
    is_odd: bool


class SegmentWriter:
    """Writes the segments of one file, and remembers what repeats."""

    def __init__(self) -> None:
        tails = TailWriter()
        self._read: Final = tails.read
        self._header: Final = lru_cache(REMEMBERED)(_write_header)
        self._incident: Final = lru_cache(REMEMBERED)(tails.write_incident)
        self._offence: Final = lru_cache(REMEMBERED)(tails.write_offence)
        self._victim: Final = lru_cache(REMEMBERED)(tails.write_victim)
        self._offender: Final = lru_cache(REMEMBERED)(tails.write_offender)
        self._properties: Final = lru_cache(REMEMBERED)(tails.write_properties)
        self._arrest: Final = lru_cache(REMEMBERED)(tails.write_arrest)

    def write_segments(
        self, element: etree._Element, taken: TakenApart, segments: Segments
    ) -> None:
        """Add the segments of a report in the order of their levels."""
        opening, incident = (taken.first(name, element) for name in ("ReportHeader", "Incident"))
        values = self._read("ReportHeader", tuple(opening.content))
        header = self._header(
            tuple(opening.content),
            opening.key("DirectReportingCityIdentification"),
            opening.key("OrganizationORIIdentification"),
        )
        number = incident.key("ActivityIdentification") or ("0" * 12 if header.level == "0" else "")
        key, is_plain = make_plain(number)
        whose = header.text + fit(key, 12)
        report = _Report(taken, header.level, header.text, whose, header.is_odd or not is_plain)
        if report.level == "7":
            self._write_arrests(report, segments)
        elif report.level == "0":
            zero = self._read("Incident", tuple(incident.content)).fields.get("zero_report")
            month = _turn(zero or values.fields.get("of_submission", ""))
            segments.add(write_tail("0", month), report.whose, element, report.is_odd)
        elif report.level == "1":
            tail = self._incident(tuple(incident.content))
            tail = _put_time(tail, self._read("Incident", incident.time), "incident_date")
            segments.add(tail, report.whose, element, report.is_odd)
            if report.header[0] != "D":
                self._write_offences(report, segments)
                self._write_properties(report, segments)
                self._write_victims(report, segments)
                self._write_offenders(report, segments)
                self._write_arrests(report, segments)
        else:
            segments.add(Tail(f"0000{NO_CATEGORY}", ""), report.whose, element, report.is_odd)

    def _write_offences(self, report: _Report, segments: Segments) -> None:
        by_id = report.taken.by_id
        where = report.taken.list_ties("OffenseLocationAssociation", "Offense", "Location")
        for offence in report.taken.several("Offense"):
            refs = where.get(offence.identifier, ())
            found = [by_id[ref] for ref in refs if ref in by_id]
            tail = self._offence(tuple(offence.content), tuple(found[0].content) if found else ())
            lost = len(found) < len(refs)
            segments.add(tail, report.whose, offence.element, report.is_odd, lost)

    def _write_properties(self, report: _Report, segments: Segments) -> None:
        items = report.taken.several("Item")
        if items:
            for place, tail in self._properties(*[tuple(item.content) for item in items]):
                segments.add(tail, report.whose, items[place].element, report.is_odd)

    def _write_victims(self, report: _Report, segments: Segments) -> None:
        taken, by_id = report.taken, report.taken.by_id
        charges = taken.list_ties("OffenseVictimAssociation", "Victim", "Offense")
        officers = {officer.person: officer for officer in taken.several("EnforcementOfficial")}
        ties: dict[str, list[Part]] = {}
        for tie in taken.several("SubjectVictimAssociation"):
            if tie.ends:
                ties.setdefault(tie.ends.get("Victim", ""), []).append(tie)
        for victim in taken.several("Victim"):
            content, lost = _with_person(victim, by_id)
            codes, said = [], []
            for ref in charges.get(victim.identifier, ()):
                offence = by_id.get(ref)
                lost = lost or offence is None
                codes.append(self._find(offence, "Offense", "ucr_offense_code"))
            for tie in ties.get(victim.identifier, ()):
                other = by_id.get(tie.ends.get("Subject", "")) if tie.ends else None
                lost = lost or other is None
                number = self._find(other, "Subject", "offender_sequence_number")
                said.append((number, tuple(tie.content)))
            officer = officers.get(victim.person) if victim.person else None
            duty = tuple(officer.content) if officer else ()
            elsewhere = officer.key("OrganizationORIIdentification") if officer else ""
            tail = self._victim(content, tuple(codes), tuple(said), duty, elsewhere)
            segments.add(tail, report.whose, victim.element, report.is_odd, lost)

    def _write_offenders(self, report: _Report, segments: Segments) -> None:
        for offender in report.taken.several("Subject"):
            content, lost = _with_person(offender, report.taken.by_id)
            tail = self._offender(content)
            segments.add(tail, report.whose, offender.element, report.is_odd, lost)

    def _write_arrests(self, report: _Report, segments: Segments) -> None:
        """Arrests of an incident, or of Group B; one that nobody is tied to stands by itself."""
        taken, by_id = report.taken, report.taken.by_id
        arrestees, arrests = taken.several("Arrestee"), taken.several("Arrest")
        if not (arrestees or arrests):
            return
        whose = taken.list_ties("ArrestSubjectAssociation", "Subject", "Activity")
        alone = {id(arrest): arrest for arrest in arrests}
        for arrestee in arrestees:
            content, lost = _with_person(arrestee, by_id)
            refs = whose.get(arrestee.identifier, ())
            found = [by_id[ref] for ref in refs if ref in by_id]
            for arrest in found:
                alone.pop(id(arrest), None)
            arrest = found[0] if found else Part(arrestee.element)
            self._write_arrest(report, segments, content, arrest, lost or not found)
        for arrest in alone.values():
            self._write_arrest(report, segments, (), arrest)

    def _write_arrest(
        self,
        report: _Report,
        segments: Segments,
        content: Content,
        arrest: Part,
        is_dangling: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        """An arrest with its own number: of Group B in the key, else behind it."""
        level = "7" if report.level == "7" else "6"
        tail = self._arrest(level, content, tuple(arrest.content))
        tail = _put_time(tail, self._read("Arrest", arrest.time), "arrest_date")
        own, is_plain = make_plain(arrest.key("ActivityIdentification"))
        own = fit(own, len(OWN))
        tail = tail._replace(text=tail.text.replace(OWN, own))
        whose = report.header + own if level == "7" else report.whose
        is_odd = report.is_odd or not is_plain
        segments.add(tail, whose, arrest.element, is_odd, is_dangling)

    def _find(self, part: Part | None, name: str, field: str) -> str:
        """One field of a part that another is tied to; blank where the part is not there."""
        return self._read(name, tuple(part.content)).fields.get(field, "") if part else ""


def _write_header(content: Content, city: str, ori: str) -> _Header:
    """What the segments of a report share; the A of a Group A report adds one, as its I does."""
    values = read_values("ReportHeader", content)
    category = values.fields.get("report_category", "").upper()
    level = next(
        (level for begins, level in _CATEGORIES.items() if category.startswith(begins)), NO_CATEGORY
    )
    action = fit(values.fields.get("segment_action_type", ""), 1)
    if level == "1" and action == "A":
        action = "I"
    city, is_city_plain = make_plain(city)
    ori, is_ori_plain = make_plain(ori)
    month = _turn(values.fields.get("of_submission", ""))
    is_odd = NOT_ASCII in values.faults or not (is_city_plain and is_ori_plain)
    return _Header(level, f"{action}{month:6}{fit(city, 4)}{fit(ori, 9)}", is_odd)


def _put_time(tail: Tail, when: Values, day: str) -> Tail:
    """A tail with the day, and the hour, when it was."""
    text = tail.text.replace(DAY, fit(when.fields.get(day, ""), len(DAY)))
    text = text.replace(HOUR, fit(when.fields.get("incident_hour", ""), len(HOUR)))
    if not when.faults:
        return Tail(tail.opening, text, tail.faults, tail.is_odd)
    is_odd = tail.is_odd or NOT_ASCII in when.faults
    return Tail(tail.opening, text, tail.faults | (when.faults - {NOT_ASCII}), is_odd)


def _turn(month: str) -> str:
    """A month yyyymm as the flat file has it: mmyyyy."""
    return month[4:] + month[:4]


def _with_person(part: Part, by_id: Mapping[str, Part]) -> tuple[Content, bool]:
    """The values of a part and of the person it is, and whether that person is missing."""
    if not part.person:
        return tuple(part.content), False
    person = by_id.get(part.person)
    if person is None:
        return tuple(part.content), True
    return (*part.content, *person.content), False
