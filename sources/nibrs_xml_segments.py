"""Writes the parts of one report of the NIBRS XML as the segments of the flat file.

Belongs here: which parts make up a segment, and who is tied to whom. Does not belong here: a
segment from its parts (`nibrs_xml_tails`). A segment has the shortest length of its level that
holds it.

Segments that say the same of different people are worked out once, as `nibrs_pieces` looks at them
once; what is theirs alone, a number or an ORI, is put in afterwards.

Source: FBI UCR, NIBRS IEPD 4.2 and 2019.1; for segments, 2019.1 NIBRS Technical Specification.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from lxml import etree

from sources.nibrs_xml_parts import Part, TakenApart
from sources.nibrs_xml_tails import OWN, REMEMBERED, Tail, TailWriter, write_tail
from sources.nibrs_xml_values import NOT_ASCII, Content, Values, fit, make_plain, read_values

DANGLING = "MS347"
NO_CATEGORY = " "
"""The level of a line that stands for a report of which nobody can say what it is."""

_CATEGORIES = {"GROUP A": "1", "GROUP B": "7", "ZERO": "0"}
_LAST_EXACT_LINE = 65_534
"""Up to here libxml2 keeps the line of an element; beyond, the line where its first text ends."""


class Segment(NamedTuple):
    """A segment as it would stand in a flat file, and where it came from.

    Attributes:
        line: without trailing blanks; what is not printable ASCII is `?`.
        is_odd: whether something was not.
        source_line: line of the XML at which its part begins.
        faults: numbers of notes.
    """

    line: str
    is_odd: bool
    source_line: int
    faults: frozenset[str]


class _Report(NamedTuple):
    """A report, and what all of its segments share.

    Attributes:
        taken: its parts.
        level: of its first segment.
        header: from the action to the ORI.
        key: number of the incident, in its field.
        is_odd: whether header or key has a character that is not printable ASCII.
    """

    taken: TakenApart
    level: str
    header: str
    key: str
    is_odd: bool

    def join(self, tail: Tail, element: etree._Element, *, is_dangling: bool = False) -> Segment:
        """A whole segment; dangling if something that it refers to is not there."""
        return _join(tail, self.header + self.key, element, self.is_odd, is_dangling)


class SegmentWriter:
    """Writes the segments of one file, and remembers what repeats."""

    def __init__(self) -> None:
        tails = TailWriter()
        self._read: Final = tails.read
        self._incident: Final = lru_cache(REMEMBERED)(tails.write_incident)
        self._offence: Final = lru_cache(REMEMBERED)(tails.write_offence)
        self._victim: Final = lru_cache(REMEMBERED)(tails.write_victim)
        self._offender: Final = lru_cache(REMEMBERED)(tails.write_offender)
        self._properties: Final = lru_cache(REMEMBERED)(tails.write_properties)
        self._arrest: Final = lru_cache(REMEMBERED)(tails.write_arrest)

    def write_segments(self, element: etree._Element, taken: TakenApart) -> Iterator[Segment]:
        """The segments of a report in the order of their levels."""
        opening, incident = (taken.first(name, element) for name in ("ReportHeader", "Incident"))
        header = self._read("ReportHeader", tuple(opening.content))
        number = incident.key("ActivityIdentification")
        report = _open_report(taken, header, opening, number)
        if report.level == "7":
            yield from self._write_arrests(report)
        elif report.level == "0":
            zero = self._read("Incident", tuple(incident.content)).fields.get("zero_report")
            month = _turn(zero or header.fields.get("of_submission", ""))
            yield report.join(write_tail("0", month), element)
        elif report.level == "1":
            yield report.join(self._incident(tuple(incident.content)), element)
            if not report.header.startswith("D"):
                yield from self._write_rest(report)
        else:
            yield report.join(Tail(f"0000{NO_CATEGORY}", ""), element)

    def _write_rest(self, report: _Report) -> Iterator[Segment]:
        yield from self._write_offences(report)
        items = report.taken.several("Item")
        if items:
            for place, tail in self._properties(*(tuple(item.content) for item in items)):
                yield report.join(tail, items[place].element)
        yield from self._write_victims(report)
        for offender in report.taken.several("Subject"):
            content, lost = _with_person(offender, report.taken)
            yield report.join(self._offender(content), offender.element, is_dangling=lost)
        if "Arrest" in report.taken.parts or "Arrestee" in report.taken.parts:
            yield from self._write_arrests(report)

    def _write_offences(self, report: _Report) -> Iterator[Segment]:
        by_id = report.taken.by_id
        where = report.taken.list_ties("OffenseLocationAssociation", "Offense", "Location")
        for offence in report.taken.several("Offense"):
            refs = where.get(offence.identifier, [])
            found = [by_id[ref] for ref in refs if ref in by_id]
            place = tuple(found[0].content) if found else ()
            tail = self._offence(tuple(offence.content), place)
            yield report.join(tail, offence.element, is_dangling=len(found) < len(refs))

    def _write_victims(self, report: _Report) -> Iterator[Segment]:
        taken, by_id = report.taken, report.taken.by_id
        charges = taken.list_ties("OffenseVictimAssociation", "Victim", "Offense")
        officers = {officer.person: officer for officer in taken.several("EnforcementOfficial")}
        ties: dict[str, list[Part]] = {}
        for tie in taken.several("SubjectVictimAssociation"):
            if tie.ends:
                ties.setdefault(tie.ends.get("Victim", ""), []).append(tie)
        for victim in taken.several("Victim"):
            content, lost = _with_person(victim, taken)
            refs, tied = charges.get(victim.identifier, []), ties.get(victim.identifier, [])
            offences = [by_id.get(ref) for ref in refs]
            others = [by_id.get((tie.ends or {}).get("Subject", "")) for tie in tied]
            officer = officers.get(victim.person)
            tail = self._victim(
                content,
                tuple(self._find(one, "Offense", "ucr_offense_code") for one in offences),
                tuple(
                    (self._find(other, "Subject", "offender_sequence_number"), tuple(tie.content))
                    for tie, other in zip(tied, others, strict=True)
                ),
                tuple(officer.content) if officer else (),
                officer.key("OrganizationORIIdentification") if officer else "",
            )
            lost = lost or None in offences or None in others
            yield report.join(tail, victim.element, is_dangling=lost)

    def _write_arrests(self, report: _Report) -> Iterator[Segment]:
        """Arrests of an incident, or of Group B; one that nobody is tied to stands by itself."""
        taken = report.taken
        whose = taken.list_ties("ArrestSubjectAssociation", "Subject", "Activity")
        alone = {id(arrest): arrest for arrest in taken.several("Arrest")}
        for arrestee in taken.several("Arrestee"):
            content, lost = _with_person(arrestee, taken)
            refs = whose.get(arrestee.identifier, ())
            found = [taken.by_id[ref] for ref in refs if ref in taken.by_id]
            for arrest in found:
                alone.pop(id(arrest), None)
            arrest = found[0] if found else Part(arrestee.element)
            yield self._write_arrest(report, content, arrest, is_dangling=lost or not found)
        for arrest in alone.values():
            yield self._write_arrest(report, (), arrest, is_dangling=False)

    def _write_arrest(
        self, report: _Report, content: Content, arrest: Part, *, is_dangling: bool
    ) -> Segment:
        """An arrest with its own number: of Group B in the key, else behind it."""
        level = "7" if report.level == "7" else "6"
        tail = self._arrest(level, content, tuple(arrest.content))
        own, is_plain = make_plain(arrest.key("ActivityIdentification"))
        own = fit(own, len(OWN))
        key = own if level == "7" else report.key
        tail = tail._replace(text=tail.text.replace(OWN, own), is_odd=tail.is_odd or not is_plain)
        return _join(tail, report.header + key, arrest.element, report.is_odd, is_dangling)

    def _find(self, part: Part | None, name: str, field: str) -> str:
        """One field of a part that another is tied to; blank where the part is not there."""
        return self._read(name, tuple(part.content)).fields.get(field, "") if part else ""


def _open_report(taken: TakenApart, header: Values, opening: Part, number: str) -> _Report:
    """What the segments of a report share; the A of a Group A report adds one, as its I does."""
    category = header.fields.get("report_category", "").upper()
    level = next(
        (level for begins, level in _CATEGORIES.items() if category.startswith(begins)), NO_CATEGORY
    )
    action = fit(header.fields.get("segment_action_type", ""), 1)
    if level == "1" and action == "A":
        action = "I"
    city, is_city_plain = make_plain(opening.key("DirectReportingCityIdentification"))
    ori, is_ori_plain = make_plain(opening.key("OrganizationORIIdentification"))
    key, is_key_plain = make_plain(number or ("0" * 12 if level == "0" else ""))
    month = _turn(header.fields.get("of_submission", ""))
    is_odd = NOT_ASCII in header.faults or not (is_city_plain and is_ori_plain and is_key_plain)
    text = f"{action}{month:6}{fit(city, 4)}{fit(ori, 9)}"
    return _Report(taken, level, text, fit(key, 12), is_odd)


def _turn(month: str) -> str:
    """A month yyyymm as the flat file has it: mmyyyy."""
    return month[4:] + month[:4]


def _join(
    tail: Tail,
    header: str,
    element: etree._Element,
    is_odd: bool,  # noqa: FBT001
    is_dangling: bool,  # noqa: FBT001
) -> Segment:
    source_line: int = element.sourceline or 0
    if source_line > _LAST_EXACT_LINE and element.text:
        source_line -= element.text.count("\n")
    faults = tail.faults | {DANGLING} if is_dangling else tail.faults
    line = f"{tail.opening}{header}{tail.text}"
    return Segment(line if tail.text else line.rstrip(" "), is_odd or tail.is_odd, source_line, faults)


def _with_person(part: Part, taken: TakenApart) -> tuple[Content, bool]:
    """The values of a part and of the person it is, and whether that person is missing."""
    if not part.person:
        return tuple(part.content), False
    person = taken.by_id.get(part.person)
    return (*part.content, *person.content) if person else tuple(part.content), person is None
