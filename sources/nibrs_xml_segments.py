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

from sources.nibrs_xml_parts import NOTHING, Content, Part, TakenApart
from sources.nibrs_xml_tails import DAY, HOUR, OWN, REMEMBERED, Tail, TailWriter, write_tail
from sources.nibrs_xml_values import NOT_ASCII, Values, fit, make_plain, read_values

DANGLING = "MS347"
NO_CATEGORY = " "
"""The level of a line that stands for a report of which nobody can say what it is."""

_CATEGORIES = {"GROUP A": "1", "GROUP B": "7", "ZERO": "0"}


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
        source_line: int,
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
        self._time: Final = lru_cache(REMEMBERED)(_read_time)
        self._header: Final = lru_cache(REMEMBERED)(_write_header)
        self._incident: Final = lru_cache(REMEMBERED)(tails.write_incident)
        self._offence: Final = lru_cache(REMEMBERED)(tails.write_offence)
        self._victim: Final = lru_cache(REMEMBERED)(tails.write_victim)
        self._offender: Final = lru_cache(REMEMBERED)(tails.write_offender)
        self._properties: Final = lru_cache(REMEMBERED)(tails.write_properties)
        self._arrest: Final = lru_cache(REMEMBERED)(tails.write_arrest)

    def write_segments(self, taken: TakenApart, segments: Segments) -> None:
        """Add the segments of a report in the order of their levels."""
        opening, incident = taken.first("ReportHeader"), taken.first("Incident")
        header = self._header(
            opening.content,
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
            zero = self._read("Incident", incident.content).fields.get("zero_report")
            values = self._read("ReportHeader", opening.content)
            month = _turn(zero or values.fields.get("of_submission", ""))
            segments.add(write_tail("0", month), report.whose, taken.line, report.is_odd)
        elif report.level == "1":
            tail = self._incident(incident.content)
            tail = _put_time(tail, self._time("Incident", *incident.time), "incident_date")
            segments.add(tail, report.whose, taken.line, report.is_odd)
            if report.header[0] != "D":
                self._write_offences(report, segments)
                self._write_properties(report, segments)
                self._write_victims(report, segments)
                self._write_offenders(report, segments)
                self._write_arrests(report, segments)
        else:
            segments.add(Tail(f"0000{NO_CATEGORY}", ""), report.whose, taken.line, report.is_odd)

    def _write_offences(self, report: _Report, segments: Segments) -> None:
        by_id = report.taken.by_id
        where = report.taken.list_ties("OffenseLocationAssociation", "Offense", "Location")
        for offence in report.taken.several("Offense"):
            refs = where.get(offence.identifier, ())
            found = [by_id[ref] for ref in refs if ref in by_id]
            place = found[0].content if found else NOTHING
            lost = len(found) < len(refs)
            tail = self._offence(offence.content, place)
            segments.add(tail, report.whose, offence.line, report.is_odd, lost)

    def _write_properties(self, report: _Report, segments: Segments) -> None:
        items = report.taken.several("Item")
        if items:
            for place, tail in self._properties(*[item.content for item in items]):
                segments.add(tail, report.whose, items[place].line, report.is_odd)

    def _write_victims(self, report: _Report, segments: Segments) -> None:
        taken, by_id = report.taken, report.taken.by_id
        charges = taken.list_ties("OffenseVictimAssociation", "Victim", "Offense")
        officers = {officer.person: officer for officer in taken.several("EnforcementOfficial")}
        ties: dict[str, list[tuple[Content, Content]]] = {}
        lost_ties: set[str] = set()
        for tie in taken.several("SubjectVictimAssociation"):
            if tie.ends:
                of, other = tie.ends.get("Victim", ""), by_id.get(tie.ends.get("Subject", ""))
                said = (other.content if other else NOTHING, tie.content)
                ties.setdefault(of, []).append(said)
                if other is None:
                    lost_ties.add(of)
        for victim in taken.several("Victim"):
            person, lost = _find_person(victim, by_id)
            found = [by_id.get(ref) for ref in charges.get(victim.identifier, ())]
            lost = lost or None in found or victim.identifier in lost_ties
            officer = officers.get(victim.person) if victim.person else None
            tail = self._victim(
                victim.content,
                person,
                tuple([one.content if one else NOTHING for one in found]),
                tuple(ties.get(victim.identifier, ())),
                officer.content if officer else NOTHING,
                officer.key("OrganizationORIIdentification") if officer else "",
            )
            segments.add(tail, report.whose, victim.line, report.is_odd, lost)

    def _write_offenders(self, report: _Report, segments: Segments) -> None:
        for offender in report.taken.several("Subject"):
            person, lost = _find_person(offender, report.taken.by_id)
            tail = self._offender(offender.content, person)
            segments.add(tail, report.whose, offender.line, report.is_odd, lost)

    def _write_arrests(self, report: _Report, segments: Segments) -> None:
        """Arrests of an incident, or of Group B; one that nobody is tied to stands by itself."""
        taken, by_id = report.taken, report.taken.by_id
        arrestees, arrests = taken.several("Arrestee"), taken.several("Arrest")
        if not (arrestees or arrests):
            return
        whose = taken.list_ties("ArrestSubjectAssociation", "Subject", "Activity")
        alone = {id(arrest): arrest for arrest in arrests}
        for arrestee in arrestees:
            person, lost = _find_person(arrestee, by_id)
            refs = whose.get(arrestee.identifier, ())
            found = [by_id[ref] for ref in refs if ref in by_id]
            for arrest in found:
                alone.pop(id(arrest), None)
            arrest = found[0] if found else Part(arrestee.line)
            who = (arrestee.content, person)
            self._write_arrest(report, segments, who, arrest, lost or not found)
        for arrest in alone.values():
            self._write_arrest(report, segments, (NOTHING, NOTHING), arrest)

    def _write_arrest(
        self,
        report: _Report,
        segments: Segments,
        who: tuple[Content, Content],
        arrest: Part,
        is_dangling: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        """An arrest with its own number: of Group B in the key, else behind it."""
        level = "7" if report.level == "7" else "6"
        tail = self._arrest(level, *who, arrest.content)
        tail = _put_time(tail, self._time("Arrest", *arrest.time), "arrest_date")
        own, is_plain = make_plain(arrest.key("ActivityIdentification"))
        own = fit(own, len(OWN))
        tail = tail._replace(text=tail.text.replace(OWN, own))
        whose = report.header + own if level == "7" else report.whose
        is_odd = report.is_odd or not is_plain
        segments.add(tail, whose, arrest.line, is_odd, is_dangling)


def _read_time(part: str, moment: str, day: str) -> Values:
    """When an incident or an arrest was."""
    return read_values(part, Content(("ActivityDate", None, "DateTime", moment, "Date", day)))


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


def _find_person(part: Part, by_id: Mapping[str, Part]) -> tuple[Content, bool]:
    """The values of the person that a part is, and whether that person is missing."""
    if not part.person:
        return NOTHING, False
    person = by_id.get(part.person)
    return (person.content, False) if person else (NOTHING, True)
