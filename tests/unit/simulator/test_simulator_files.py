from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from durable.vault import Vault
from simulator.courts import write_courts_delivery
from simulator.police import child_incidents
from simulator.population import Population, Scenario
from simulator.simulate import SimulatedTruth
from sources.contracts import current_contract
from sources.ingest import ingest
from sources.layout import load_ncands_layout, load_nibrs_codes, load_nibrs_layout
from sources.manifest import write_manifest
from sources.quarters import Quarter
from sources.zones import Zones

World = tuple[Path, SimulatedTruth]
Lines = Callable[[str, str], list[str]]

LENGTHS = {"0": 43, "1": 88, "2": 71, "3": 307, "4": 141, "5": 46, "6": 110, "7": 66}


def cut(line: str, level: str | None = None) -> dict[str, str]:
    layout = load_nibrs_layout()[level] if level else load_ncands_layout()
    return {field.name: line[field.start - 1 : field.end] for field in layout.fields}


def segments(lines: list[str], level: str) -> list[dict[str, str]]:
    return [cut(line, level) for line in lines if line[4] == level]


def test_every_delivery_is_accepted_with_nothing_set_aside(
    small_world: World, tmp_path: Path
) -> None:
    _, truth = small_world
    zones = Zones(tmp_path / "landing", Vault(tmp_path / "vault"))
    for prepared in truth.deliveries:
        quarter = str(prepared.quarter)
        inbox = zones.inbox(prepared.agency, quarter)
        inbox.mkdir(parents=True)
        for name in prepared.files.values():
            (inbox / name).write_bytes((prepared.folder / name).read_bytes())
        write_manifest(
            inbox,
            agency=prepared.agency,
            quarter=quarter,
            sequence=1,
            kind="full",
            as_of=prepared.as_of,
            simulated=True,
            files=prepared.files,
            agency_roster=prepared.agency_roster,
        )
        receipt = ingest(zones, prepared.agency, quarter)
        assert (receipt.status, receipt.unlike) == ("accepted", ())
        assert {one[:5] for one in receipt.remarks} <= {"MS244"}
        assert all(problem.is_note for problem in receipt.problems)
        assert "MS148" not in {problem.code for problem in receipt.problems}


def test_prepared_files_are_those_the_contract_wants_apart_from_tokens(small_world: World) -> None:
    _, truth = small_world
    for prepared in truth.deliveries:
        wanted = {file.role for file in current_contract(prepared.agency).files} - {"tokens"}
        assert set(prepared.files) == wanted


def test_a_child_file_has_338_characters_and_only_codes_of_the_layout(lines_of: Lines) -> None:
    lines = lines_of("dss", "child_file.txt")
    assert {len(line) for line in lines} == {338}
    layout = load_ncands_layout()
    unlisted = {"chage", "rptcnty", "chcnty", "staterr", "rptid", "chid", "subyr"}
    coded = [f for f in layout.fields if f.code_list and f.name not in unlisted]
    seen: dict[str, set[str]] = {field.name: set() for field in coded}
    for line in lines:
        for field in coded:
            seen[field.name].add(line[field.start - 1 : field.end].strip().lstrip("0"))
    for field in coded:
        assert seen[field.name] <= field.code_list | {""}, field.name


def test_a_disposition_lies_in_its_federal_fiscal_year_and_not_in_the_future(
    small_world: World,
) -> None:
    _, truth = small_world
    for prepared in truth.deliveries:
        if prepared.agency != "dss":
            continue
        for line in (prepared.folder / "child_file.txt").read_text().splitlines():
            record = cut(line)
            if not record["rptdisdt"].strip():
                assert record["rptdisp"] == "99"
                continue
            day = datetime.strptime(record["rptdisdt"], "%m%d%Y").date()  # noqa: DTZ007
            assert int(record["subyr"]) == day.year + (day.month >= 10)
            assert day <= prepared.as_of


def test_sex_trafficking_stands_in_any_slot_with_a_level_of_its_own(lines_of: Lines) -> None:
    records = [cut(line) for line in lines_of("dss", "child_file.txt")]
    found = Counter(
        (slot, record[f"mal{slot}lev"])
        for record in records
        for slot in range(1, 5)
        if record[f"chmal{slot}"] == "7"
    )
    assert {slot for slot, _ in found} == {1, 2, 3, 4}
    assert {"01", "05", "99"} <= {level for _, level in found}
    assert "08" not in {level for _, level in found}


def test_no_record_of_a_child_says_a_maltreatment_twice(lines_of: Lines) -> None:
    for line in lines_of("dss", "child_file.txt"):
        record = cut(line)
        kinds = [record[f"chmal{slot}"] for slot in range(1, 5) if record[f"chmal{slot}"].strip()]
        assert len(kinds) == len(set(kinds))


def test_children_of_other_states_and_of_unknown_counties_are_there(lines_of: Lines) -> None:
    counties = {cut(line)["chcnty"] for line in lines_of("dss", "child_file.txt")}
    assert {"998", "999", "   ", "189", "510"} <= counties


def test_nibrs_segments_have_their_legal_lengths_and_levels_rise(lines_of: Lines) -> None:
    lines = lines_of("mshp", "nibrs.txt")
    assert {line[4] for line in lines} == set(LENGTHS)
    reports: list[list[str]] = []
    for line in lines:
        assert len(line) == LENGTHS[line[4]] == int(line[:4])
        if line[4] == "1" and line[5] in "IR":
            reports.append([])
        if line[4] not in "07" and line[5] in "IR":
            reports[-1].append(line[4])
    for levels in reports:
        assert levels == sorted(levels)
        assert levels.count("1") == 1
        assert {"2", "4", "5"} <= set(levels)


def test_every_offender_and_offence_that_a_victim_names_is_in_the_incident(lines_of: Lines) -> None:
    lines = lines_of("mshp", "nibrs.txt")
    offenders = {
        (s["ori"], s["incident_number"], s["offender_sequence_number"])
        for s in segments(lines, "5")
    }
    offences = {
        (s["ori"], s["incident_number"], s["ucr_offense_code"]) for s in segments(lines, "2")
    }
    for victim in segments(lines, "4"):
        incident = (victim["ori"], victim["incident_number"])
        for slot in (1, 2):
            number = victim[f"offender_number_related_{slot}"]
            assert not number.strip() or (*incident, number) in offenders
            offence = victim[f"ucr_offense_code_connection_{slot}"]
            assert not offence.strip() or (*incident, offence) in offences


def test_offences_against_society_have_no_individual_victim(lines_of: Lines) -> None:
    against_society = {"40A", "40B", "40C", "370", "35A"}
    for victim in segments(lines_of("mshp", "nibrs.txt"), "4"):
        is_society = victim["ucr_offense_code_connection_1"] in against_society
        assert (victim["type_of_victim"] == "S") is is_society
        assert bool(victim["age_of_victim"].strip()) is not is_society


def test_property_and_weapons_stand_where_the_offence_wants_them(lines_of: Lines) -> None:
    lines = lines_of("mshp", "nibrs.txt")
    with_property = {(s["ori"], s["incident_number"]) for s in segments(lines, "3")}
    for offence in segments(lines, "2"):
        code = offence["ucr_offense_code"]
        key = (offence["ori"], offence["incident_number"])
        assert (key in with_property) is (code in {"23D", "35A"})
        wants_weapon = code in {"64A", "64B", "11D", "13B"}
        assert bool(offence["type_weapon_force_1"].strip()) is wants_weapon


def test_an_arrestee_is_a_known_offender_and_under_18_has_a_disposition(lines_of: Lines) -> None:
    lines = lines_of("mshp", "nibrs.txt")
    offenders = {
        (s["ori"], s["incident_number"], s["offender_sequence_number"])
        for s in segments(lines, "5")
    }
    arrestees = segments(lines, "6")
    assert arrestees
    for arrestee in arrestees:
        key = (arrestee["ori"], arrestee["incident_number"], arrestee["arrestee_sequence_number"])
        assert key in offenders
    for arrestee in (*arrestees, *segments(lines, "7")):
        is_child = int(arrestee["age_of_arrestee"]) < 18
        assert bool(arrestee["disposition_of_arrestee_under_18"].strip()) is is_child


def test_ages_of_victims_are_exact_unknown_or_a_rising_range(lines_of: Lines) -> None:
    ages = {s["age_of_victim"].strip() for s in segments(lines_of("mshp", "nibrs.txt"), "4")} - {""}
    ranges = {age for age in ages if len(age) == 4}
    assert ranges
    assert "00" in ages
    assert all(0 < int(age[:2]) < int(age[2:]) for age in ranges)


def test_relationships_and_unknown_offenders_are_all_there(lines_of: Lines) -> None:
    victims = segments(lines_of("mshp", "nibrs.txt"), "4")
    ties = {s["relationship_of_victim_to_offender_1"].strip() for s in victims}
    assert {"", "RU", "AQ", "CH"} <= ties
    assert ties - {""} <= load_nibrs_codes()["RelationshipOfVictimToOffenderCode"]
    assert "00" in {s["offender_number_related_1"] for s in victims}


def test_hotline_counts_hold_every_cell_once(small_world: World) -> None:
    _, truth = small_world
    for prepared in truth.deliveries:
        if prepared.agency != "hotline":
            continue
        with (prepared.folder / "counts.csv").open(newline="") as lines:
            counts = list(csv.DictReader(lines))
        assert [(row["measure"], row["relationship_group"]) for row in counts] == [
            (measure, group)
            for measure, groups in current_contract("hotline").cells.items()
            for group in groups
        ]
        assert {row["quarter"] for row in counts} == {str(prepared.quarter)}


def test_a_case_of_the_courts_follows_from_an_arrest_and_ends_after_it_was_filed(
    tmp_path: Path,
) -> None:
    """No more cases are filed than incidents had an arrest, and none ends that was not filed."""
    first = Quarter(2024, 1)
    quarters = [first]
    while len(quarters) < 16:
        quarters.append(quarters[-1].next())
    population = Population(Scenario(11, 400, 0, 0, 0, 0.6))
    totals: Counter[str] = Counter()
    arrests = 0
    for quarter in quarters:
        arrests += sum(
            any(arrestee.offence in {"64A", "64B"} for arrestee in record.incident.arrestees)
            for record in child_incidents(population, quarter)
        )
        write_courts_delivery(population, quarter, tmp_path / str(quarter))
        with (tmp_path / str(quarter) / "counts.csv").open(newline="") as lines:
            now: Counter[str] = Counter()
            for row in csv.DictReader(lines):
                now[row["measure"]] += int(row["count"])
        assert now["convictions"] <= now["dispositions"]
        totals += now
    assert 0.5 * arrests < totals["cases_filed"] < 0.9 * arrests
    assert 0 < totals["convictions"] < totals["dispositions"]
    assert abs(totals["dispositions"] - totals["cases_filed"]) < 0.3 * totals["cases_filed"]


def test_every_output_says_that_it_is_simulated(small_world: World, lines_of: Lines) -> None:
    folder, _ = small_world
    for line in lines_of("dss", "child_file.txt"):
        record = cut(line)
        assert record["wrkrid"].strip() == record["suprvid"].strip() == "SIMULATED"
        assert record["rptid"][:3] == record["chid"][:3] == "SIM"
    for line in lines_of("mshp", "nibrs.txt"):
        assert line[25:28] == ("000" if line[4] == "0" else "SIM")
    for package in folder.glob("prepared/*/*/datapackage.json"):
        document = json.loads(package.read_text())
        assert document["simulated"] is True
        assert "imulated" in document["description"]
    for place in ("prepared", "truth", "agency_side", "agency_side/dss", "agency_side/mshp"):
        assert "Simulated" in (folder / place / "README.txt").read_text()


@pytest.mark.parametrize("agency", ["dss", "mshp"])
def test_a_roster_has_one_line_for_each_person_delivered(small_world: World, agency: str) -> None:
    _, truth = small_world
    for prepared in truth.deliveries:
        if prepared.agency != agency:
            continue
        assert prepared.roster is not None
        with prepared.roster.open(newline="") as lines:
            keys = [row["record_key"] for row in csv.DictReader(lines)]
        (name,) = prepared.files.values()
        delivered = (prepared.folder / name).read_text().splitlines()
        if agency == "dss":
            people = {cut(line)["chid"] for line in delivered}
        else:
            people = {
                f"{s['ori']}:{s['incident_number']}:{s['victim_sequence_number']}"
                for s in segments(delivered, "4")
                if s["type_of_victim"] == "I"
            }
        assert len(keys) == len(set(keys))
        assert set(keys) == people
