"""Ingest and staging find in the simulator's files exactly what the simulator knows is in them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from dbt_vault import Vault

from durable.vault import Vault as Places
from simulator.simulate import simulate
from sources.ingest import ingest
from sources.manifest import write_manifest
from sources.quarters import Quarter
from sources.receipts import Receipt
from sources.zones import Zones

QUARTERS = (Quarter(2025, 1), Quarter(2025, 2), Quarter(2025, 3))

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
        assert receipt.remarks == ()
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
