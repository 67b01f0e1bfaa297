"""Raw files of one delivery of as many records as wanted, as an ingest would have stored them.

Seven of ten records are children on reports, three are victims of the police; of fifty one is about
trafficking. Here: making them. Not here: a truth that counts could be compared with.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from durable.vault import Vault
from linkage.order_key import ensure_order_key
from sources.contracts import current_contract, list_agencies
from sources.quarters import Quarter

QUARTER = Quarter(2025, 4)
REPORTS, VICTIMS = 7, 3
"""Of ten records."""

_DAY = "date '2025-10-01' + (n % 92)::integer"
_CASE = "n % 50 = 0"
_ORI = "'MO' || lpad(((n % 115) + 1)::varchar, 3, '0') || '0100'"

_FILLED: dict[tuple[str, str], dict[str, str]] = {
    ("dss", "child_file"): {
        "subyr": "'2025'",
        "staterr": "'MO'",
        "rptid": "lpad(n::varchar, 12, '0')",
        "chid": "'C' || lpad((n * 7919 % {many})::varchar, 11, '0')",
        "rptcnty": "lpad((2 * (n % 115) + 1)::varchar, 3, '0')",
        "chcnty": "lpad((2 * (n % 115) + 1)::varchar, 3, '0')",
        "rptdt": f"strftime({_DAY}, '%m%d%Y')",
        "rptdisdt": f"strftime({_DAY} + (n % 120)::integer, '%m%d%Y')",
        "chage": "(n % 18)::varchar",
        "chbdate": "strftime(date '2008-01-01' + (n * 31 % 6200)::integer, '%m%d%Y')",
        "chsex": "(n % 2 + 1)::varchar",
        "chmal1": f"case when {_CASE} then '7' else '1' end",
        "mal1lev": "lpad((n % 6 + 1)::varchar, 2, '0')",
        "per1rel": "lpad((n % 10 + 1)::varchar, 2, '0')",
        "per1mal1": "'1'",
    },
    ("dss", "tokens"): {
        "record_key": "'C' || lpad(n::varchar, 11, '0')",
        "token": "md5(n::varchar)",
    },
    ("mshp", "administrative"): {
        "segment_action_type": "'I'",
        "ori": _ORI,
        "incident_number": "'N' || lpad(n::varchar, 11, '0')",
        "incident_date": f"strftime({_DAY}, '%Y%m%d')",
    },
    ("mshp", "offense"): {
        "segment_action_type": "'I'",
        "ori": _ORI,
        "incident_number": "'N' || lpad(n::varchar, 11, '0')",
        "ucr_offense_code": f"case when {_CASE} then '64A' else '13A' end",
    },
    ("mshp", "victim"): {
        "segment_action_type": "'I'",
        "ori": _ORI,
        "incident_number": "'N' || lpad(n::varchar, 11, '0')",
        "victim_sequence_number": "'001'",
        "ucr_offense_code_connection_1": f"case when {_CASE} then '64A' else '13A' end",
        "type_of_victim": "'I'",
        "age_of_victim": "lpad((n % 40)::varchar, 2, '0')",
        "sex_of_victim": "case n % 2 when 0 then 'F' else 'M' end",
        "offender_number_related_1": "'01'",
        "relationship_of_victim_to_offender_1": "'AQ'",
    },
    ("mshp", "arrestee"): {
        "segment_action_type": "'I'",
        "ori": _ORI,
        "incident_number": "'N' || lpad(n::varchar, 11, '0')",
        "arrestee_sequence_number": "'01'",
        "arrest_date": f"strftime({_DAY}, '%Y%m%d')",
        "ucr_arrest_offense_code": f"case when {_CASE} then '64A' else '13A' end",
    },
    ("mshp", "tokens"): {
        "record_key": f"{_ORI} || ':N' || lpad(n::varchar, 11, '0') || ':001'",
        "token": "md5((n * 3)::varchar)",
    },
    ("hotline", "counts"): {
        "quarter": "'2025Q4'",
        "measure": "'cases'",
        "relationship_group": "'all'",
        "count": "'80'",
    },
}
"""Delivered text by field, from the number n of a record; every other field is blank."""


def fill(vault: Vault, records: int) -> int:
    """Write the raw files of so many records; gives how many bytes they take."""
    ensure_order_key(vault.order_key)
    reports, victims = records * REPORTS // 10, records * VICTIMS // 10
    with duckdb.connect() as connection:
        for agency in list_agencies():
            folder = vault.raw(agency, str(QUARTER)) / "0001"
            folder.mkdir(parents=True)
            _write(connection, folder, agency, "deliveries", _DELIVERY, 1)
            for table, fields in current_contract(agency).tables.items():
                filled = _FILLED.get((agency, table), {})
                many = {"dss": reports, "mshp": victims}.get(agency, 1) if filled else 0
                listed = ["n + 1 as line_number"]
                for field in fields:
                    value = filled.get(field, "''").replace("{many}", str(max(reports, 1)))
                    listed.append(f"{value} as {field}")
                _write(connection, folder, agency, table, ", ".join(listed), many)
    return sum(path.stat().st_size for path in vault.folder.glob("raw/**/*.parquet"))


_DELIVERY = (
    "'contract/1' as contract, date '2026-01-20' as as_of, "
    "timestamp '2026-01-21 10:00:00' as received_at, true as simulated"
)


def _write(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    agency: str,
    table: str,
    listed: str,
    many: int,
) -> None:
    provenance = (
        f"'{agency}' as agency, date '{QUARTER.first_day}' as quarter_start, "
        "1::integer as delivery_sequence, 'full' as delivery_kind"
    )
    connection.execute(
        f"copy (select {provenance}, {listed} from range({many}) as t (n)) "  # noqa: S608 - ours
        f"to '{folder / table}.parquet' (format parquet)"
    )
