"""A small hub for benchmarks and tests: deliveries of the Patrol through ingest, staging and core.

Here: taking files in and asking what was counted. Not here: what should have been.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from dbt_calls import call_dbt, read_rules

from durable.vault import Vault
from sources.contracts import current_contract, list_agencies
from sources.ingest import ingest
from sources.manifest import write_manifest
from sources.quarters import Quarter
from sources.receipts import Receipt
from sources.storing import write_empty_tables
from sources.zones import Zones

FIRST_DAY = "2013-01-01"
"""Before every record made here."""

Counts = dict[str, tuple[int, int, int]]
"""Incidents with a child victim, child victims and arrests, by incident number."""


class Hub:
    """A data home in a folder; deliveries arrive in the order they are made."""

    def __init__(self, folder: Path) -> None:
        self.zones = Zones(folder / "landing", Vault(folder / "vault"))
        self._arrivals = 0
        self.zones.vault.order_key.parent.mkdir(parents=True)
        key = pa.table({"order_key": ["a key without meaning"]})
        pq.write_table(key, self.zones.vault.order_key)
        for agency in list_agencies():
            write_empty_tables(self.zones.vault, current_contract(agency))
        for agency in ("dss", "hotline"):
            self.deliver(b"", agency=agency, kind="nil")

    def deliver(
        self,
        content: bytes,
        *,
        agency: str = "mshp",
        quarter: str = "2025Q1",
        sequence: int = 1,
        kind: Literal["full", "delta", "nil"] = "full",
        first_day_of_record: date | None = None,
    ) -> Receipt:
        """Take in a NIBRS file, or a nil delivery; raises what an ingest raises."""
        inbox = self.zones.inbox(agency, quarter)
        inbox.mkdir(parents=True, exist_ok=True)
        if kind != "nil":
            (inbox / "nibrs.txt").write_bytes(content)
        write_manifest(
            inbox,
            agency=agency,
            quarter=quarter,
            sequence=sequence,
            kind=kind,
            as_of=Quarter.parse(quarter).next().first_day + timedelta(days=20),
            simulated=True,
            files={} if kind == "nil" else {"nibrs": "nibrs.txt"},
        )
        self._arrivals += 1
        arrival = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=self._arrivals)
        told = {"first_day_of_record": first_day_of_record} if first_day_of_record else {}
        return ingest(self.zones, agency, quarter, clock=lambda: arrival, **told)  # type: ignore[arg-type]

    def build(self) -> None:
        """Build staging and core from what was delivered so far."""
        vault = self.zones.vault
        selection = ("resource_type:seed", "path:models/intermediate", "path:models/core")
        outcome, said = call_dbt(
            vault.folder,
            *("build", "--select", *selection, "--exclude-resource-type", "test", "unit_test"),
            variables={**read_rules(vault.folder), "first_day_of_record": FIRST_DAY},
            quarter_start=Quarter(2025, 1).first_day,
        )
        if set(outcome.values()) != {"success"}:
            raise RuntimeError(said)

    @contextmanager
    def warehouse(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The tables that were built, to read."""
        path = str(self.zones.vault.warehouse)
        with duckdb.connect(path, read_only=True) as connection:
            yield connection

    def count(self, quarter: str = "2025Q1") -> Counts:
        """What became known in a quarter, by the broad definition."""
        with self.warehouse() as connection:
            rows = connection.execute(_COUNTS, [Quarter.parse(quarter).first_day]).fetchall()
        return {
            number: (incidents, victims, arrests) for number, incidents, victims, arrests in rows
        }


def text_of(lines: Sequence[str]) -> bytes:
    """The bytes of a file of lines."""
    return "".join(f"{line}\n" for line in lines).encode()


_COUNTS = """
    WITH news AS (
        SELECT incident_key, victim_key AS record, 'victim' AS what FROM core.child_events
        WHERE agency = 'mshp' AND known_quarter_start = $1
        UNION ALL
        SELECT incident_key, arrest_key, 'arrest' FROM core.arrests WHERE known_quarter_start = $1
    )
    SELECT split_part(incident_key, ':', 2),
        count(DISTINCT CASE WHEN what = 'victim' THEN incident_key END),
        count_if(what = 'victim'), count_if(what = 'arrest')
    FROM news GROUP BY 1
"""
