"""What the actions of a NIBRS file mean, in plain Python, and random histories to compare with.

Here: a second, slow statement of decision 0015, after the FBI's specification (I reports, R
replaces, D deletes, A adds, M modifies, W brings an arrest for an incident that is not on file).
Not here: the code under test; nothing of it is used but the layout.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise, zip_longest
from random import Random
from typing import TYPE_CHECKING, Any

from nibrs_lines import ORI, report, segment

if TYPE_CHECKING:
    from nibrs_hub import Hub

AGES = ("05", "13", "15", "1417", "1621", "30", "00")
OFFENCES = ("64A", "64B", "40A", "13A", "11A")
DAYS = ("20241230", "20250115", "20250220", "20250405")
DELIVERIES = (
    {"quarter": "2025Q1", "sequence": 1, "kind": "full"},
    {"quarter": "2025Q1", "sequence": 2, "kind": "delta"},
    {"quarter": "2025Q2", "sequence": 1, "kind": "full"},
    {"quarter": "2025Q1", "sequence": 3, "kind": "delta"},
)


@dataclass(frozen=True)
class Act:
    """One thing a file says of an incident.

    action: I, R, D, W and M are about the whole incident, `4A`, `2D` and so on about one segment.
    """

    action: str
    day: str = ""
    offences: tuple[str, ...] = ()
    ages: tuple[str, ...] = ()
    arrests: tuple[str, ...] = ()
    part: str = ""
    value: str = ""
    is_bad: bool = False
    repeats: int = -1

    def lines(self, number: str) -> list[str]:
        """As a file has it."""
        if self.action in ("I", "R"):
            day = "20251301" if self.is_bad else self.day
            written = report(
                number,
                *self.ages,
                action=self.action,
                date=day,
                offences=self.offences,
                arrests=self.arrests,
            )
            if 0 < self.repeats < len(written):
                written.insert(self.repeats, written[self.repeats])
            return written
        if self.action in ("D", "M", "W"):
            return [segment("1", number, self.action, incident_date=self.day)]
        level, action = self.action
        values = {
            "2": {"ucr_offense_code": self.part},
            "4": {"victim_sequence_number": self.part, "age_of_victim": self.value},
            "6": {"arrestee_sequence_number": self.part, "ucr_arrest_offense_code": self.value},
        }[level]
        return [segment(level, number, action, **values)]


@dataclass
class Incident:
    """What stands of one incident, and the quarter in which each part was first reported."""

    stands: bool = False
    day: str = ""
    offences: set[str] = field(default_factory=set)
    victims: dict[str, str] = field(default_factory=dict)
    arrests: dict[str, str] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)

    def read(self, acts: list[Act], quarter: str) -> None:
        """Take in what one file says of the incident, in its order."""
        is_reported_here = False
        for act in _leave_out_what_is_spoilt(acts):
            if act.action == "I" and is_reported_here:
                continue
            self._apply(act, quarter)
            if act.action in ("I", "R", "D"):
                is_reported_here = act.action != "D"

    def _apply(self, act: Act, quarter: str) -> None:
        if act.action in ("I", "R", "D"):
            self.stands = act.action != "D"
            self.day, self.offences = act.day, set(act.offences)
            self.victims = {f"{i:03d}": age for i, age in enumerate(act.ages, 1)}
            self.arrests = {f"{i:02d}": code for i, code in enumerate(act.arrests, 1)}
            if act.action != "D":
                self._note(quarter, "", *self.victims, *self.arrests)
            else:
                self.offences, self.victims, self.arrests = set(), {}, {}
        elif act.action == "M" and self.stands:
            self.day = act.day or self.day
        elif act.action[0] == "6":
            _put(self.arrests, act)
            if act.action != "6D":
                self._note(quarter, act.part)
        elif act.action[0] == "4" and self.stands:
            _put(self.victims, act)
            if act.action != "4D":
                self._note(quarter, act.part)
        elif act.action[0] == "2" and self.stands:
            (self.offences.discard if act.action == "2D" else self.offences.add)(act.part)

    def _note(self, quarter: str, *parts: str) -> None:
        for part in parts:
            self.first[part] = min(self.first.get(part, quarter), quarter)


def _put(parts: dict[str, str], act: Act) -> None:
    if act.action[1] == "D":
        parts.pop(act.part, None)
    else:
        parts[act.part] = act.value


def _leave_out_what_is_spoilt(acts: list[Act]) -> list[Act]:
    """Without reports that cannot be read, and deletions that such a report was to follow."""
    whole = [act for act in acts if act.action in ("I", "R", "D")]
    halves = {id(act) for act, after in pairwise(whole) if act.action == "D" and after.is_bad}
    return [act for act in acts if not act.is_bad and id(act) not in halves]


@dataclass(frozen=True)
class Delivery:
    """The lines of one file, and what its manifest says."""

    lines: list[str]
    said: dict[str, Any]


@dataclass(frozen=True)
class Histories:
    """Deliveries in order of arrival, and what stands of each incident at the end."""

    deliveries: list[Delivery]
    incidents: dict[str, Incident]
    act_count: int


def make_histories(count: int, seed: int) -> Histories:
    """Random histories of some incidents over four deliveries."""
    chance = Random(seed)  # noqa: S311
    numbers = [f"N{number}" for number in range(count)]
    incidents = {number: Incident() for number in numbers}
    deliveries, act_count = [], 0
    for said in DELIVERIES:
        blocks = []
        for number in numbers:
            acts = [_make_act(chance) for _ in range(chance.choice((0, 0, 1, 1, 2, 3, 5)))]
            if said["sequence"] == 1 and said["quarter"] == "2025Q1" and chance.random() < 0.7:
                acts.insert(0, _make_report(chance))
            act_count += len(acts)
            incidents[number].read(acts, str(said["quarter"]))
            blocks.append([line for act in acts for line in act.lines(number)])
        chance.shuffle(blocks)
        ordinary = [
            line
            for place in range(12 * count)  # so that few lines of the file are set aside
            for line in report(f"F{place}", "30", offences=("13A",))
        ]
        deliveries.append(Delivery(_mix(chance, blocks) + ordinary, dict(said)))
    return Histories(deliveries, incidents, act_count)


def compare(hub: Hub, histories: Histories) -> list[str]:
    """A line for each incident that stands otherwise in the hub than in the model."""
    with hub.warehouse() as connection:
        seen = {
            number: tuple(map(str, rest))
            for number, *rest in connection.execute(_STANDING).fetchall()
        }
    differences = []
    for number, incident in histories.incidents.items():
        right = _describe(incident)
        if seen.get(number, ("", "", "", "")) != right:
            differences.append(f"{number}: model {right}, hub {seen.get(number)}")
    return differences


def _describe(incident: Incident) -> tuple[str, str, str, str]:
    day = date.fromisoformat(incident.day) if incident.stands else None

    def known(part: str, when: date | None) -> str:
        quarter = incident.first[part]
        first = date(int(quarter[:4]), 3 * int(quarter[5]) - 2, 1)
        own = date(when.year, (when.month - 1) // 3 * 3 + 1, 1) if when else first
        return max(first, own).isoformat()

    victims = sorted(
        f"{part}={_range(age)}@{known(part, day)}" for part, age in incident.victims.items()
    )
    arrests = sorted(
        f"{part}={code}@{known(part, date(2025, 1, 20))}" for part, code in incident.arrests.items()
    )
    head = f"{day}@{known('', day)}" if day else ""
    return head, " ".join(sorted(incident.offences)), " ".join(victims), " ".join(arrests)


def _range(age: str) -> str:
    return "-" if age == "00" else f"{int(age[:2])}-{int(age[2:] or age)}"


def _make_report(chance: Random) -> Act:
    return Act(
        chance.choice("IIIR"),
        day=chance.choice(DAYS),
        offences=tuple(chance.sample(OFFENCES, chance.randint(1, 2))),
        ages=tuple(chance.choice(AGES) for _ in range(chance.randint(1, 3))),
        arrests=tuple(chance.choice(("64A", "64B", "90Z")) for _ in range(chance.randint(0, 2))),
        is_bad=chance.random() < 0.1,
        repeats=chance.choice((-1, -1, -1, 1, 2, 3)),
    )


def _make_act(chance: Random) -> Act:
    kind = chance.choice(("report", "report", "D", "D", "M", "W", "2", "4", "4", "6"))
    if kind == "report":
        return _make_report(chance)
    if kind in "DMW":
        return Act(kind, day=chance.choice((*DAYS, "") if kind == "D" else DAYS))
    action = chance.choice("AMDR" if kind in "24" else "AMDW")
    if kind == "2":
        return Act("2" + action, part=chance.choice(OFFENCES))
    if kind == "4":
        part, value = f"00{chance.randint(1, 4)}", chance.choice(AGES)
        return Act("4" + action, part=part, value=value)
    return Act("6" + action, part=f"0{chance.randint(1, 3)}", value=chance.choice(("64A", "90Z")))


def _mix(chance: Random, blocks: list[list[str]]) -> list[str]:
    """One block after the other, but every tenth pair line by line, as some exports write them."""
    lines: list[str] = []
    for first, second in zip_longest(blocks[::2], blocks[1::2], fillvalue=[]):
        if chance.random() < 0.1:
            waiting = [list(first), list(second)]
            while any(waiting):
                lines.append(chance.choice([block for block in waiting if block]).pop(0))
        else:
            lines += first + second
    return lines


_STANDING = f"""
    WITH numbers AS (
        SELECT incident_key FROM intermediate.int_mshp__incidents
        UNION SELECT incident_key FROM intermediate.int_mshp__arrests
    )
    SELECT split_part(incident_key, ':', 2),
        coalesce((
            SELECT incident_date::VARCHAR || '@' || known_quarter_start::VARCHAR
            FROM intermediate.int_mshp__incidents AS one
            WHERE one.incident_key = numbers.incident_key
        ), ''),
        coalesce((
            SELECT string_agg(offence_code, ' ' ORDER BY offence_code)
            FROM intermediate.int_mshp__offences AS one
            WHERE one.incident_key = numbers.incident_key
        ), ''),
        coalesce((
            SELECT string_agg(said, ' ' ORDER BY said) FROM (
                SELECT incident_key, split_part(victim_key, ':', 3) || '='
                    || coalesce(lowest_age_years::VARCHAR, '') || '-'
                    || coalesce(highest_age_years::VARCHAR, '') || '@'
                    || known_quarter_start::VARCHAR AS said
                FROM intermediate.int_mshp__victims
            ) AS one WHERE one.incident_key = numbers.incident_key
        ), ''),
        coalesce((
            SELECT string_agg(said, ' ' ORDER BY said) FROM (
                SELECT incident_key, split_part(arrest_key, ':', 3) || '=' || offence_code || '@'
                    || known_quarter_start::VARCHAR AS said
                FROM intermediate.int_mshp__arrests
            ) AS one WHERE one.incident_key = numbers.incident_key
        ), '')
    FROM numbers WHERE incident_key LIKE '{ORI}:N%'
"""  # noqa: S608
