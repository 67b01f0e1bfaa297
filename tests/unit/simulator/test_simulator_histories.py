"""What real files do and tidy ones do not: the simulator does it in about the same shares."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from statistics import mean

import pytest

from simulator.history import (
    CLEARED,
    CORRECTED,
    DELETED_LATER,
    PLAIN,
    REPLACED_LATER,
    SENT_AGAIN,
    SENT_AGAIN_LATER,
    History,
    delivery_of,
    draw_history,
)
from simulator.police import PoliceRecord, child_incidents, is_juvenile
from simulator.police_roster import list_zero_reports, make_roster
from simulator.population import Population, Scenario
from simulator.segments import Victim
from simulator.simulate import simulate
from sources.layout import load_nibrs_layout
from sources.quarters import Quarter

QUARTER = Quarter(2025, 1)


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """One flat file with many incidents."""
    folder = tmp_path_factory.mktemp("histories")
    others = {"dss_child_rows": 0, "police_victims": 3000, "children_in_care": 0}
    simulate(folder, [QUARTER], 5, children_per_year=4000, **others)
    path = folder / "prepared/mshp/2025Q1/nibrs.txt"
    return path.read_text(encoding="ascii").splitlines()


@pytest.fixture(scope="module")
def records() -> list[PoliceRecord]:
    population = Population(Scenario(5, 20_000, 0, 0, 250, 0.6))
    return list(child_incidents(population, QUARTER))


def cut(line: str, name: str) -> str:
    field = load_nibrs_layout()[line[4]].field(name)
    return line[field.start - 1 : field.end].strip()


def actions(lines: list[str]) -> list[str]:
    """The actions on level 1 of an incident, in their order."""
    return [line[5] for line in lines if line[4] == "1"]


def history(record: PoliceRecord, way: str) -> History:
    return History(record, way, None)


def test_about_three_incidents_in_ten_are_deleted_and_reported_anew(lines: list[str]) -> None:
    by_incident: dict[str, list[str]] = {}
    for line in lines:
        if line[4] == "1":
            by_incident.setdefault(line[16:37], []).append(line[5])
    told = Counter("".join(one) for one in by_incident.values())
    assert {"I", "DI", "IDI", "IM", "R"} <= set(told)
    again = sum(count for how, count in told.items() if "DI" in how)
    assert again / len(by_incident) == pytest.approx(0.3, abs=0.03)


@pytest.mark.parametrize(
    ("way", "first", "later"),
    [
        (PLAIN, "I", ""),
        (SENT_AGAIN, "DI", ""),
        (CORRECTED, "IDI", ""),
        (CLEARED, "IM", ""),
        (REPLACED_LATER, "I", "R"),
        (SENT_AGAIN_LATER, "I", "DI"),
        (DELETED_LATER, "I", "D"),
    ],
)
def test_each_way_has_its_actions_now_and_with_the_next_delivery(
    records: list[PoliceRecord], way: str, first: str, later: str
) -> None:
    one = history(records[0], way)
    now = [*one.first_lines(), *one.last_lines()]
    assert "".join(actions(now)) == first
    assert "".join(actions(list(one.later_lines(QUARTER.next())))) == later
    assert one.comes_later is bool(later)
    assert (one.later_version is None) is (way == DELETED_LATER)


def test_a_draft_says_otherwise_whether_the_victim_is_a_child(records: list[PoliceRecord]) -> None:
    one = history(records[0], REPLACED_LATER)
    assert one.later_version == records[0].incident
    before, after = (is_juvenile(v.victims[0]) for v in (one.first_version, records[0].incident))
    assert before is not after


def test_what_no_later_delivery_speaks_of_is_told_in_one(records: list[PoliceRecord]) -> None:
    ways = Counter(draw_history(record, 5, may_come_later=False).way for record in records)
    assert not ways.keys() & {REPLACED_LATER, SENT_AGAIN_LATER, DELETED_LATER}
    assert ways.keys() >= {PLAIN, SENT_AGAIN, CORRECTED, CLEARED}


def test_an_incident_comes_with_the_first_delivery_after_its_submission(
    records: list[PoliceRecord],
) -> None:
    deliveries = Counter(delivery_of(record) for record in records)
    assert min(deliveries) == QUARTER
    assert max(deliveries) >= Quarter(2026, 3)
    assert deliveries[QUARTER] > deliveries[QUARTER.next()] > deliveries[Quarter(2026, 1)] > 0


@pytest.mark.parametrize(
    ("age", "is_child"),
    [("17", True), ("18", False), ("BB", True), ("00", False), ("1517", True), ("1719", False)],
)
def test_a_victim_is_a_child_by_the_age_as_it_is_written(age: str, *, is_child: bool) -> None:
    assert is_juvenile(Victim(1, "I", ("64A",), age)) is is_child
    assert not is_juvenile(Victim(1, "S", ("40A",)))


def test_some_lines_stand_twice_and_some_first_slots_are_empty(lines: list[str]) -> None:
    assert any(one == other and one[4] in "2456" for one, other in pairwise(lines))
    victims = [line for line in lines if line[4] == "4"]
    empty = [line for line in victims if not cut(line, "ucr_offense_code_connection_1")]
    assert len(empty) / len(victims) == pytest.approx(0.005, abs=0.004)
    assert all(cut(line, "ucr_offense_code_connection_2") for line in empty)


def test_of_half_the_victims_of_persons_no_offender_is_known(lines: list[str]) -> None:
    related = [
        cut(line, "offender_number_related_1")
        for line in lines
        if line[4] == "4" and cut(line, "type_of_victim") == "I" and not _is_of_theft(line)
    ]
    assert mean(number == "00" for number in related) == pytest.approx(0.45, abs=0.15)


def test_a_victim_of_theft_is_connected_to_no_offender(lines: list[str]) -> None:
    robbed = [line for line in lines if line[4] == "4" and _is_of_theft(line)]
    assert robbed
    assert not any(cut(line, "offender_number_related_1") for line in robbed)


def _is_of_theft(line: str) -> bool:
    return "23D" in {cut(line, f"ucr_offense_code_connection_{place}") for place in (1, 2)}


def test_some_agencies_rarely_know_ages_of_offenders_and_some_often_do_not(
    lines: list[str],
) -> None:
    ages: dict[str, list[str]] = {}
    for line in lines:
        if line[4] == "5" and cut(line, "offender_sequence_number") != "00":
            ages.setdefault(cut(line, "ori"), []).append(cut(line, "age_of_offender"))
    shares = [mean(age == "00" for age in known) for known in ages.values() if len(known) > 20]
    assert any(share < 0.02 for share in shares)
    assert any(0.25 < share < 0.55 for share in shares)
    assert not any(0.1 < share < 0.2 for share in shares)


def test_group_b_reports_stand_up_to_eight_times(tmp_path: Path) -> None:
    others = {"dss_child_rows": 0, "police_victims": 20_000, "children_in_care": 0}
    simulate(tmp_path, [QUARTER], 5, children_per_year=0, **others)
    path = tmp_path / "prepared/mshp/2025Q1/nibrs.txt"
    copies = Counter(line for line in path.read_text().splitlines() if line[4] == "7")
    assert set(copies.values()) == {1, 2, 3, 8}
    assert copies.total() / len(copies) == pytest.approx(1220 / 995, abs=0.1)


def test_every_agency_is_on_the_roster_and_zero_reports_come_from_those_that_report(
    lines: list[str],
) -> None:
    roster = {agency.ori: agency.reporting for agency in make_roster(5, QUARTER)}
    silent = [ori for ori, months in roster.items() if not any(months.values())]
    assert 0 < len(silent) < 0.1 * len(roster)
    assert {cut(line, "ori") for line in lines} <= roster.keys() - set(silent)
    zero = list(list_zero_reports(5, QUARTER))
    assert all(roster[ori][f"2025-{month:02d}"] for ori, month in zero)
    assert len(zero) == sum(line[4] == "0" for line in lines)
