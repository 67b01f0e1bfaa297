"""A small vault for tests of the dbt project: raw Parquet as ingest writes it, and runs of dbt.

Does not belong here: records of a scenario, and what they should lead to.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from dbt_calls import PROJECT, call_dbt, read_rules

import durable.vault
from jurisdiction.folder import FOLDER, LISTS
from orchestration.guards.bounds import read_bounds
from privacy.policy.policy import load_policy
from sources.contracts import current_contract, list_agencies
from sources.storing import write_empty_tables

Record = Mapping[str, Any]
Rows = dict[str, list[tuple[Any, ...]]]

FIELDS: dict[tuple[str, str], tuple[str, ...]] = {
    (contract.agency, table): fields
    for contract in map(current_contract, list_agencies())
    for table, fields in contract.tables.items()
}
"""Delivered text columns of each raw table."""

_PROVENANCE = pa.schema(
    [
        ("agency", pa.string()),
        ("quarter_start", pa.date32()),
        ("delivery_sequence", pa.int32()),
        ("delivery_kind", pa.string()),
        ("line_number", pa.int64()),
    ]
)
_DELIVERY = pa.schema(
    [
        *list(_PROVENANCE)[:4],
        ("contract", pa.string()),
        ("as_of", pa.date32()),
        ("received_at", pa.timestamp("us")),
        ("simulated", pa.bool_()),
    ]
)
_LINKS = pa.schema(
    [
        ("quarter_start", pa.date32()),
        ("victim_key", pa.string()),
        ("token", pa.string()),
        ("child_id", pa.string()),
        ("has_place", pa.bool_()),
        ("first_report_date", pa.date32()),
        ("rule", pa.string()),
    ]
)


_YEAR = pa.schema(
    [("quarter_start", pa.date32()), ("unit_id", pa.string()), ("agency_pattern", pa.string())]
)


def copy_project(folder: Path) -> Path:
    """Copy the project, and the state's lists, which it finds beside its own folder."""
    project = folder / "project"
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("target", "logs"))
    shutil.copytree(LISTS, folder / LISTS.relative_to(FOLDER.parent))
    return project


def start_of(quarter: str) -> date:
    """First day of a quarter written as 2025Q1."""
    return date(int(quarter[:4]), 3 * int(quarter[5]) - 2, 1)


class Vault:
    """A vault folder of a test; deliveries arrive in the order they are written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.variables: dict[str, Any] = {
            "first_day_of_record": "2013-01-01",
            **read_bounds(load_policy()),
            **read_rules(folder),
        }
        self._arrivals = 0
        (folder / "keys").mkdir(parents=True)
        key = pa.table({"order_key": ["a key for tests"]})
        pq.write_table(key, folder / "keys" / "order_key.parquet")
        for agency in list_agencies():
            write_empty_tables(durable.vault.Vault(folder), current_contract(agency))

    @property
    def warehouse(self) -> Path:
        """The engine's file."""
        return self.folder / "warehouse.duckdb"

    def deliver(
        self,
        agency: str,
        quarter: str,
        sequence: int,
        kind: str,
        tables: Mapping[str, Sequence[Record]] | None = None,
    ) -> None:
        """Write a delivery; records of a table may carry their own line_number."""
        folder = self.folder / "raw" / agency / quarter / f"{sequence:04d}"
        folder.mkdir(parents=True)
        self._arrivals += 1
        provenance: dict[str, Any] = {
            "agency": agency,
            "quarter_start": start_of(quarter),
            "delivery_sequence": sequence,
            "delivery_kind": kind,
        }
        delivery = provenance | {
            "contract": f"{agency}/1",
            "as_of": start_of(quarter) + timedelta(days=95),
            "received_at": datetime(2025, 4, 1, tzinfo=UTC) + timedelta(hours=self._arrivals),
            "simulated": True,
        }
        pq.write_table(pa.Table.from_pylist([delivery], _DELIVERY), folder / "deliveries.parquet")
        for (owner, table), names in FIELDS.items():
            if owner != agency:
                continue
            schema = pa.schema([*_PROVENANCE, *((name, pa.string()) for name in names)])
            records = (tables or {}).get(table, [])
            unknown = {name for record in records for name in record} - set(schema.names)
            assert not unknown, unknown
            rows = [
                provenance | {"line_number": line} | dict(record)
                for line, record in enumerate(records, 1)
            ]
            pq.write_table(pa.Table.from_pylist(rows, schema), folder / f"{table}.parquet")

    def link(
        self,
        quarter: str,
        links: Mapping[str, tuple[str | None, str | None, date | None]],
        year: Mapping[str, str] | None = None,
    ) -> None:
        """Write the links of a quarter; each record with a token has a place.

        Links are victim key to token, child id, and day of the child's first report; `year` is unit
        to the agencies that know it, of the year that a fourth quarter closes.
        """
        folder = self.folder / "linkage" / quarter
        folder.mkdir(parents=True, exist_ok=True)
        rows = [
            {
                "quarter_start": start_of(quarter),
                "victim_key": victim,
                "token": token,
                "child_id": child,
                "has_place": token is not None,
                "first_report_date": first_report,
                "rule": "equal_token",
            }
            for victim, (token, child, first_report) in links.items()
        ]
        pq.write_table(pa.Table.from_pylist(rows, _LINKS), folder / "links.parquet")
        units = [
            {"quarter_start": start_of(quarter), "unit_id": unit, "agency_pattern": pattern}
            for unit, pattern in (year or {}).items()
        ]
        pq.write_table(pa.Table.from_pylist(units, _YEAR), folder / "year.parquet")

    def dbt(
        self,
        command: str,
        *arguments: str,
        quarter: str = "2025Q1",
        released: Sequence[str] = (),
        project: Path = PROJECT,
    ) -> dict[str, str]:
        """Run dbt after so many releases, and give the status of every node, by its unique id."""
        outcome, self.said = call_dbt(
            self.folder,
            *(command, *arguments),
            variables=self.variables,
            quarter_start=start_of(quarter),
            released=[start_of(one) for one in released],
            project=project,
        )
        return outcome

    def build(self, *selection: str, quarter: str, released: Sequence[str] = ()) -> dict[str, str]:
        """Build what is selected and its tests, and insist that all of it succeeds.

        Seeds are the same in every vault; a new one begins with a copy of what they become.
        """
        if SEEDS in selection and not self.warehouse.exists():
            self.warehouse.write_bytes(make_seeds())
            selection = tuple(words for words in selection if words != SEEDS)
        return self.build_all(*selection, quarter=quarter, released=released)

    def build_all(
        self, *selection: str, quarter: str, released: Sequence[str] = ()
    ) -> dict[str, str]:
        """Build what is selected, seeds too, and its tests; all of it has to succeed."""
        outcome = self.dbt(
            "build",
            *("--select", *selection),
            *("--exclude-resource-type", "unit_test"),
            *("--indirect-selection", "buildable"),
            quarter=quarter,
            released=released,
        )
        bad = {
            node: status for node, status in outcome.items() if status not in ("success", "pass")
        }
        assert not bad, (bad, self.said)
        return outcome

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query on the warehouse, as a sorted list."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return sorted(connection.execute(query).fetchall(), key=repr)


@cache
def make_seeds() -> bytes:
    """A warehouse with the lists of the state alone, whose tests hold."""
    with TemporaryDirectory() as folder:
        vault = Vault(Path(folder) / "vault")
        vault.build_all(SEEDS, quarter="2025Q1")
        return vault.warehouse.read_bytes()


SEEDS = "resource_type:seed"
EVERYTHING = (SEEDS, "resource_type:model")
"""Selection of the whole project but its unit tests."""

RELEASE_TABLES = (
    "reports_to_childrens_division",
    "children_reported",
    "children_reported_in_year",
    "incidents_known_to_police",
    "juvenile_victim_records_in_year",
    "arrests",
    "children_by_agency_in_year",
    "report_lag_in_year",
    "hotline_cases",
    "hotline_children",
)
"""Tables of the schema release_input."""


def release_rows(vault: Vault, quarter_start: str, *tables: str) -> Rows:
    """Rows of these release tables, or of every one, in a quarter and without the quarter."""
    return {
        table: vault.rows(
            f"select * exclude (quarter_start) from release_input.{table} "  # noqa: S608
            f"where quarter_start = date '{quarter_start}'"
        )
        for table in tables or RELEASE_TABLES
    }
