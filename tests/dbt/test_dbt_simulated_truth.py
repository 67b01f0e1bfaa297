"""Ingest and staging find in the simulator's files exactly what the simulator knows is in them."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from dbt_vault import Vault

from durable.vault import Vault as Places
from simulator.calibration import figure, hotline_cases_a_year
from simulator.care_stays import FORMER_UNTIL, MISSING, RUNAWAY, CareChild, list_children
from simulator.population import Population, Scenario, last_day
from simulator.simulate import simulate
from sources.ingest import ingest
from sources.manifest import write_manifest
from sources.quarters import Quarter
from sources.receipts import Receipt
from sources.zones import Zones

QUARTERS = (Quarter(2025, 1), Quarter(2025, 2), Quarter(2025, 3))
IN_CARE = 600

STAGED = """
with units as (
    select 'child_records' as measure, 'all' as grouped, report_id || child_id as unit_id,
        quarter_start, known_quarter_start
    from intermediate.int_dss__child_reports
    where is_trafficking_event
    union all
    select distinct 'reports', 'all', report_id, quarter_start,
        min(known_quarter_start) over (partition by report_id)
    from intermediate.int_dss__child_reports
    where is_trafficking_event
    union all
    select distinct 'incidents', victims.incident_definition, incident_key,
        incidents.quarter_start, incidents.known_quarter_start
    from intermediate.int_mshp__victims as victims
    inner join intermediate.int_mshp__incidents as incidents using (incident_key)
    where victims.is_trafficking_event
    union all
    select 'victim_records', victim_definition, victim_key, quarter_start, known_quarter_start
    from intermediate.int_mshp__victims
    where is_trafficking_event
    union all
    select 'arrests', offence_group, arrest_key, quarter_start, known_quarter_start
    from intermediate.int_mshp__arrests
    where offence_group is not null and not is_counted_elsewhere
)

select measure, grouped, quarter_start, known_quarter_start, count(*) from units group by all
"""


class World:
    """A vault that took in three simulated quarters; dbt built staging at the end."""

    def __init__(self, folder: Path) -> None:
        self.vault = Vault(folder / "vault")
        zones = Zones(folder / "landing", Places(self.vault.folder))
        truth = simulate(
            folder / "world",
            QUARTERS,
            7,
            children_per_year=2500,
            dss_child_rows=300,
            police_victims=400,
            children_in_care=IN_CARE,
        )
        self.receipts: list[Receipt] = []
        for prepared in truth.deliveries:
            quarter = str(prepared.quarter)
            inbox = zones.inbox(prepared.agency, quarter)
            shutil.copytree(prepared.folder, inbox)
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
            self.receipts.append(ingest(zones, prepared.agency, quarter))
        self.vault.build("resource_type:seed", "path:models/intermediate", quarter="2025Q3")
        self.true = {
            tuple(row.values())[:4]: row["count"]
            for row in pq.read_table(truth.folder / "counts.parquet").to_pylist()
        }
        self.staged = {tuple(key): number for *key, number in self.vault.rows(STAGED)}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("simulated"))


def test_nothing_that_the_simulator_writes_is_set_aside(world: World) -> None:
    for receipt in world.receipts:
        assert {one[:5] for one in receipt.remarks} <= {"MS244"}
        assert receipt.unlike == ()
        assert [problem.code for problem in receipt.problems if not problem.is_note] == []


@pytest.mark.parametrize(
    "measure", ["child_records", "reports", "incidents", "victim_records", "arrests"]
)
def test_staging_counts_what_the_simulator_knows_by_quarter(world: World, measure: str) -> None:
    staged, true = (
        {key: number for key, number in counts.items() if key[0] == measure}
        for counts in (world.staged, world.true)
    )
    assert len(true) > 2
    assert staged == true


HALF_YEARS = ((Quarter(2024, 4), Quarter(2025, 1)), (Quarter(2025, 2), Quarter(2025, 3)))


@pytest.fixture(scope="module")
def in_care() -> dict[str, tuple[CareChild, date]]:
    """Each child in care by its number, and the end of the last half-year that tells it."""
    scenario = Scenario(
        7, 2500, 300, 400, hotline_cases_a_year(), figure("reporting_duty"), IN_CARE
    )
    population = Population(scenario)
    return {
        child.number: (child, last_day(last))
        for first, last in HALF_YEARS
        for child in list_children(population, first, last)
    }


def test_children_in_care_are_those_of_the_last_half_year_that_tells_them(
    world: World, in_care: dict[str, tuple[CareChild, date]]
) -> None:
    expected = set()
    for number, (child, end) in in_care.items():
        happened = child.trafficked_on is not None and child.trafficked_on <= end
        told = child.trafficked_before or happened
        days = [day for day in child.report_days if day <= end] if told else []
        expected.add((number, child.trafficked_before, happened, min(days, default=None)))
    staged = world.vault.rows(
        "select record_number, was_trafficked_before_care, was_trafficked_in_care, "
        "coalesce(first_report_before_care, first_report_in_care) "
        "from intermediate.int_care__children"
    )
    assert set(staged) == expected
    assert sum(before or during for _, before, during, _ in expected) > 100


def test_stays_and_absences_are_those_that_were_made(
    world: World, in_care: dict[str, tuple[CareChild, date]]
) -> None:
    stays, absences = set(), set()
    for number, (child, end) in in_care.items():
        for stay in child.stays:
            left = stay.left if stay.left <= end else None
            stays.add((number, stay.removed, left))
            if stay.left < FORMER_UNTIL:
                continue
            since = None
            for day, code in stay.settings:
                is_away = code in (RUNAWAY, MISSING)
                if day > end:
                    break
                if is_away and since is None:
                    since = day
                if not is_away and since is not None:
                    absences.add((number, since, day))
                    since = None
            if since is not None:
                absences.add((number, since, left))
    care = "intermediate.int_care__"
    staged = world.vault.rows(f"select record_number, removal_date, exit_date from {care}removals")  # noqa: S608
    assert set(staged) == stays
    staged = world.vault.rows(f"select record_number, start_date, end_date from {care}absences")  # noqa: S608
    assert set(staged) == absences
    assert len(absences) > 50


def test_trafficked_children_in_care_are_found_in_the_child_file_by_their_number(
    world: World,
) -> None:
    rows = world.vault.rows(
        "select distinct coalesce(agrees_on_birth_date, true), count(*) "
        "from intermediate.int_care__children where child_id is not null group by all"
    )
    assert [agrees for agrees, _ in rows] == [True]
    assert rows[0][1] > 50
