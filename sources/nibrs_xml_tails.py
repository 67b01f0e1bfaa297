"""What of a NIBRS segment follows its key, written from the values of the XML.

Belongs here: the parts of a report that one segment is made of, as one line of the layout. Does not
belong here: finding these parts (`nibrs_xml_segments`), and what a value means
(`nibrs_xml_values`).

Source: FBI UCR, 2019.1 NIBRS Technical Specification.
"""

from collections.abc import Set
from functools import cache, lru_cache
from typing import Final, NamedTuple

from sources.layout import load_nibrs_layout
from sources.nibrs_xml_parts import Content
from sources.nibrs_xml_values import (
    NOT_ASCII,
    TOO_MANY,
    Values,
    fit,
    list_numbers,
    read_values,
)
from sources.rule_language import load_groups

KEY_END: Final = 37
OWN: Final = "\0" * 12
"""Stands for the number of an arrest in its incident, which is put in afterwards."""
DAY: Final = "\1" * 8
HOUR: Final = "\2" * 2
"""Stand for when an incident or an arrest was."""

REMEMBERED: Final = 1 << 15
_TIES, _THINGS, _DRUGS = 10, 10, 3
_COUNTED = {"7": "number_of_stolen_motor_vehicles", "5": "number_of_recovered_motor_vehicles"}
_MOST_VEHICLES = 99


class Tail(NamedTuple):
    """What stands before and behind the header of a segment.

    Attributes:
        opening: length and level; the length is the shortest of the level that holds it.
        text: what follows the key, without trailing blanks.
        faults: numbers of notes on its values.
        is_odd: whether a value had a character that is not printable ASCII.
    """

    opening: str
    text: str
    faults: frozenset[str] = frozenset()
    is_odd: bool = False


class TailWriter:
    """Writes tails for one file, and remembers the parts that they are made of."""

    def __init__(self) -> None:
        self.read: Final = lru_cache(REMEMBERED)(read_values)

    def write_incident(self, content: Content) -> Tail:
        """Level 1."""
        values = Values(self.read("Incident", content))
        values.fields |= {"incident_date": DAY, "incident_hour": HOUR}
        return _write("1", values)

    def write_offender(self, content: Content, person: Content) -> Tail:
        """Level 5; of the subject and of the person it is."""
        return _write("5", _read_person("Subject", "offender", content, person))

    def write_offence(self, content: Content, place: Content) -> Tail:
        """Level 2, with its location."""
        values = Values(self.read("Offense", content), self.read("Location", place))
        return _write("2", values)

    def write_victim(
        self,
        content: Content,
        person: Content,
        charges: tuple[Content, ...],
        ties: tuple[tuple[Content, Content], ...],
        duty: Content,
        duty_elsewhere: str,
    ) -> Tail:
        """Level 4.

        Args:
            content: Of the victim.
            person: Of the person it is.
            charges: Offences that it is connected to.
            ties: Each offender that it is tied to, and what is said of the tie.
            duty: Of the officer it is, if any.
            duty_elsewhere: ORI of that officer's agency, if another.
        """
        values = Values(
            _read_person("Victim", "victim", content, person),
            self.read("EnforcementOfficial", duty),
        )
        values.put("officer_ori_other_jurisdiction", duty_elsewhere)
        for charge in charges:
            code = self.read("Offense", charge).fields.get("ucr_offense_code", "")
            values.put("ucr_offense_code_connection", code)
        for place, (offender, said) in enumerate(ties[:_TIES], 1):
            number = self.read("Subject", offender).fields.get("offender_sequence_number", "")
            tie = self.read("SubjectVictimAssociation", said)
            values.fields[f"offender_number_related_{place}"] = fit(number, 2, is_number=True)
            values.fields[f"relationship_of_victim_to_offender_{place}"] = tie.fields.get(
                "relationship_of_victim_to_offender_1", ""
            )
            values.faults |= tie.faults
        if len(ties) > _TIES:
            values.faults.add(TOO_MANY)
        return _write("4", values)

    def write_arrest(self, level: str, content: Content, person: Content, arrest: Content) -> Tail:
        """Level 6 or 7; of the arrestee, of the person it is, and of the arrest."""
        values = Values(
            _read_person("Arrestee", "arrestee", content, person), self.read("Arrest", arrest)
        )
        values.fields |= {"arrest_transaction_number": OWN, "arrest_date": DAY}
        return _write(level, values)

    def write_properties(self, *items: Content) -> list[tuple[int, Tail]]:
        """Level 3: one for each kind of loss, with the place of its first item."""
        losses: dict[str, tuple[int, Values]] = {}
        vehicles = load_groups()["things"]["vehicles"].split()
        counts: dict[str, int] = {}
        for place, content in enumerate(items):
            item = self.read("Item", content)
            loss = item.fields.get("type_property_loss", "")
            values = losses.setdefault(loss, (place, Values()))[1]
            values.faults |= item.faults
            values.fields["type_property_loss"] = loss
            _put_thing(values, item)
            quantity = item.fields.get("number_of_motor_vehicles", "")
            thing = item.fields.get("property_description_1", "").zfill(2)
            if loss in _COUNTED and thing in vehicles and quantity.isdigit():
                counts[loss] = counts.get(loss, 0) + int(quantity)
        for loss, count in counts.items():
            losses[loss][1].fields[_COUNTED[loss]] = f"{min(count, _MOST_VEHICLES):02d}"
        return [(place, _write("3", values)) for place, values in losses.values()]


def _read_person(part: str, who: str, content: Content, person: Content) -> Values:
    """The values of a part and of the person it is, under the names of that person's fields."""
    both = Content((*content, *person))
    values, of_person = Values(read_values(part, both)), read_values("Person", both)
    values.faults |= of_person.faults
    for name, value in of_person.fields.items():
        values.fields[f"{name}_of_{who}"] = value
    return values


def _put_thing(values: Values, item: Values) -> None:
    """Add one item to a segment; several drugs are one thing with up to three kinds."""
    thing = fit(item.fields.get("property_description_1", ""), 2, is_number=True)
    used = [values.fields.get(f"property_description_{place}") for place in range(1, _THINGS + 1)]
    drug = item.fields.get("suspected_drug_type_1")
    if thing.strip() and not (drug and thing in used):
        if None not in used:
            values.faults.add(TOO_MANY)
            return
        place = used.index(None) + 1
        values.fields[f"property_description_{place}"] = thing
        for family in ("value_of_property", "date_recovered"):
            values.fields[f"{family}_{place}"] = item.fields.get(f"{family}_1", "")
    if drug:
        free = [
            place
            for place in range(1, _DRUGS + 1)
            if f"suspected_drug_type_{place}" not in values.fields
        ]
        for family in ("suspected_drug_type", "estimated_drug_quantity", "type_drug_measurement"):
            if free:
                values.fields[f"{family}_{free[0]}"] = item.fields.get(f"{family}_1", "")
        if not free:
            values.faults.add(TOO_MANY)


def write_tail(level: str, text: str, faults: Set[str] = frozenset()) -> Tail:
    """A tail from its text, for any level of the layout."""
    text = text.rstrip(" ")
    lengths = load_nibrs_layout()[level].lengths
    length = next((one for one in lengths if one >= KEY_END + len(text)), lengths[-1])
    opening = f"{length:04d}{level}"
    return Tail(opening, text, frozenset(faults - {NOT_ASCII}), NOT_ASCII in faults)


class _Place(NamedTuple):
    number: int
    width: int
    is_number: bool


@cache
def _list_places(level: str) -> tuple[dict[str, _Place], list[str]]:
    """Where each field behind the key stands, and blanks for all of them."""
    fields = [field for field in load_nibrs_layout()[level].fields if field.start > KEY_END]
    places = {
        field.name: _Place(
            number,
            field.length,
            field.name.rstrip("0123456789").rstrip("_") in list_numbers(),
        )
        for number, field in enumerate(fields)
    }
    return places, [" " * field.length for field in fields]


def _write(level: str, values: Values) -> Tail:
    places, blanks = _list_places(level)
    cells = blanks.copy()
    for name, value in values.fields.items():
        if value and name in places:
            number, width, is_number = places[name]
            cells[number] = fit(value, width, is_number=is_number)
    return write_tail(level, "".join(cells), values.faults)
