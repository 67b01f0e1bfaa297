"""What only a simulation knows: which records are the same child.

Kept in a folder of its own, never among deliveries. Does not belong here: anything an agency sees.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from simulator.counts import TrueCount
from simulator.population import AGENCIES, Episode


@dataclass(frozen=True, slots=True)
class TrueRecord:
    """One record of a trafficked child in one delivery.

    Attributes:
        child_key: The child.
        agency: dss or mshp; the hotline delivers no records.
        delivery_quarter: Quarter of the delivery, such as 2025Q1.
        record_key: CHID, or ori:incident:victim number.
        group_key: Report id, or ori:incident.
        event_date: Day of the report to the Children's Division, or of the police incident.
        is_trafficking: False where the record is about something else.
    """

    child_key: str
    agency: str
    delivery_quarter: str
    record_key: str
    group_key: str
    event_date: date
    is_trafficking: bool


_RECORDS = pa.schema(
    [
        ("child_key", pa.string()),
        ("agency", pa.string()),
        ("delivery_quarter", pa.string()),
        ("record_key", pa.string()),
        ("group_key", pa.string()),
        ("event_date", pa.date32()),
        ("is_trafficking", pa.bool_()),
    ],
    metadata={"simulated": "true"},
)
_COUNTS = pa.schema(
    [
        ("measure", pa.string()),
        ("group", pa.string()),
        ("quarter_start", pa.date32()),
        ("known_quarter_start", pa.date32()),
        ("count", pa.int64()),
    ],
    metadata={"simulated": "true"},
)
_EPISODES = pa.schema(
    [
        ("child_key", pa.string()),
        ("quarter", pa.string()),
        ("day", pa.date32()),
        ("birth_date", pa.date32()),
        ("sex", pa.string()),
        ("county_fips", pa.string()),
        ("tie", pa.string()),
        *((f"is_on_{agency}", pa.bool_()) for agency in AGENCIES),
        ("is_reported_by_police", pa.bool_()),
    ],
    metadata={"simulated": "true"},
)


def write_truth(
    folder: Path,
    records: list[TrueRecord],
    episodes: list[tuple[str, Episode]],
    counts: Counter[TrueCount],
) -> None:
    """Write records.parquet, counts.parquet, and episodes.parquet: a row for a child and quarter.

    Args:
        folder: Folder for the truth alone.
        records: Delivered records of trafficked children.
        episodes: Quarter and episode.
        counts: What staging must find in the deliveries.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = [asdict(record) for record in records]
    pq.write_table(pa.Table.from_pylist(rows, schema=_RECORDS), folder / "records.parquet")
    counted = [{**count._asdict(), "count": number} for count, number in sorted(counts.items())]
    pq.write_table(pa.Table.from_pylist(counted, schema=_COUNTS), folder / "counts.parquet")
    lines = [
        {
            "child_key": episode.child.key,
            "quarter": quarter,
            "day": episode.day,
            "birth_date": episode.child.person.birth_date,
            "sex": episode.child.person.sex,
            "county_fips": episode.child.person.county,
            "tie": episode.child.tie,
            **{f"is_on_{agency}": agency in episode.lists for agency in AGENCIES},
            "is_reported_by_police": episode.is_reported_by_police,
        }
        for quarter, episode in episodes
    ]
    pq.write_table(pa.Table.from_pylist(lines, schema=_EPISODES), folder / "episodes.parquet")
