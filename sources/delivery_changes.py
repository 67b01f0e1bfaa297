"""What a delivery changes of what its agency delivered before, in counts.

It is asked on the agency's own machine, beside former deliveries that the agency chose. Belongs
here: comparing records before and after. Does not belong here: what a record means for a figure
(dbt), and taking deliveries in (`ingest`).

An incident stands as its last report says unless a deletion came after (decision 0015), and its
content is every segment that the contract keeps from that report on; what is changed in single
segments changes the content. Of a child in care the content is everything that a file tells of it.
Of other formats a record is known by its keys, and its last version
stands. Of what was delivered before for a quarter, a full delivery leaves nothing.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from jurisdiction.state import read_state
from sources.contracts import Contract
from sources.nibrs import SEGMENT_TABLES
from sources.workbench import open_workbench, quote

_UNIT = {
    "nibrs_flat": "incidents",
    "ncands_child_file": "records",
    "afcars_ooh": "children",
    "counts": "cells",
}
_CHILD_KEYS = ("rptid", "chid")
_OF_A_REPORT = ("administrative", "offense", "victim", "offender", "arrestee")
_NO_CONTENT = frozenset(
    {"segment_action_type", "month_of_submission", "year_of_submission", "ori", "incident_number"}
)


@dataclass(frozen=True)
class History:
    """What becomes of the records that share a change and a past.

    Attributes:
        change: new, corrected, unchanged, deleted, left out or no effect.
        history: what was delivered and what this delivery does, in words.
        total: how many records.
    """

    change: str
    history: str
    total: int


@dataclass(frozen=True)
class DeliveryChanges:
    """What a delivery changes.

    Attributes:
        unit: what is counted: incidents, records, children or cells.
        histories: by change and past, the most frequent first.
        children: how many children stand in what changes: of the Division by their number, of
            NIBRS the individual victims under 18 of each incident.
        children_by_agency: the same by ORI, for those of the state; any other is "elsewhere".
    """

    unit: str
    histories: tuple[History, ...]
    children: int
    children_by_agency: Mapping[str, int]

    def count(self, change: str) -> int:
        """How many records have a change."""
        return sum(one.total for one in self.histories if one.change == change)

    def to_json(self) -> dict[str, object]:
        """The changes as one JSON object."""
        return asdict(self)


def compare_deliveries(
    raw: Path, contract: Contract, quarter: str, sequence: int
) -> DeliveryChanges:
    """Compare what stands after a delivery with what stood before it.

    Args:
        raw: folder of the raw tables of an agency's accepted deliveries, that one among them.
        contract: by which they were read.
        quarter: of the delivery, which was taken in last.
        sequence: of the delivery.
    """
    main = next(file for file in contract.files if file.format in _UNIT)
    with open_workbench(raw, raw) as connection:
        _order_deliveries(connection, raw, quarter, sequence)
        if main.format == "nibrs_flat":
            _write_incidents(connection, raw, contract)
        elif main.format == "afcars_ooh":
            _write_children_in_care(connection, raw, contract)
        else:
            name, fields = next(iter(main.tables.items()))
            keys = fields[:-1] if main.format == "counts" else _CHILD_KEYS
            _write_records(connection, raw, (name, fields), keys)
        connection.execute(_JUDGE)
        histories = connection.execute(_HISTORIES).fetchall()
        children: dict[str, int] = {}
        if main.format == "nibrs_flat":
            children = dict(connection.execute(_VICTIMS).fetchall())
        elif main.format in ("ncands_child_file", "afcars_ooh"):
            children = dict(connection.execute(_CHILDREN).fetchall())
    by_agency = children if main.format == "nibrs_flat" else {}
    return DeliveryChanges(
        _UNIT[main.format],
        tuple(History(*one) for one in histories),
        sum(children.values()),
        by_agency,
    )


def _order_deliveries(
    connection: duckdb.DuckDBPyConnection, raw: Path, quarter: str, sequence: int
) -> None:
    """Create `deliveries`: number in the order of arrival, and before, after: whether each counts.

    A full or nil delivery replaces what came before for its quarter.
    """
    is_new = f"(quarter = {quote(quarter)} AND delivery_sequence = {sequence})"
    connection.execute(
        _DELIVERIES.format(rows=quote(f"{raw}/*/*/deliveries.parquet"), is_new=is_new)
    )


def _write_incidents(connection: duckdb.DuckDBPyConnection, raw: Path, contract: Contract) -> None:
    tables = contract.tables
    segments = " UNION ALL ".join(
        _SEGMENTS.format(
            level=quote(SEGMENT_TABLES[table]),
            content=", ".join(name for name in tables[table] if name not in _NO_CONTENT),
            rows=quote(f"{raw}/*/*/{table}.parquet"),
        )
        for table in _OF_A_REPORT
    )
    connection.execute(f"CREATE TABLE segments AS {segments}")
    for side in ("before", "after"):
        connection.execute(_STANDING_INCIDENTS.format(side=side))
    connection.execute(_ACTS)
    connection.execute(
        _AGES.format(rows=quote(f"{raw}/*/*/victim.parquet"), state=quote(read_state().postal_code))
    )


def _write_records(
    connection: duckdb.DuckDBPyConnection,
    raw: Path,
    table: tuple[str, tuple[str, ...]],
    keys: tuple[str, ...],
) -> None:
    name, fields = table
    key = " || ':' || ".join(f"trim({one})" for one in keys)
    content = ", ".join(one for one in fields if one not in keys)
    child = "trim(chid)" if "chid" in keys else "''"
    connection.execute(
        _RECORDS.format(
            key=key, content=content, child=child, rows=quote(f"{raw}/*/*/{name}.parquet")
        )
    )
    _judge_records(connection)


def _write_children_in_care(
    connection: duckdb.DuckDBPyConnection, raw: Path, contract: Contract
) -> None:
    parts = " UNION ALL ".join(
        _PARTS.format(
            table=quote(table), content=", ".join(fields), rows=quote(f"{raw}/*/*/{table}.parquet")
        )
        for table, fields in contract.tables.items()
    )
    connection.execute(_CHILDREN_IN_CARE.format(parts=parts))
    _judge_records(connection)


def _judge_records(connection: duckdb.DuckDBPyConnection) -> None:
    for side in ("before", "after"):
        connection.execute(_STANDING_RECORDS.format(side=side))
    connection.execute(_DELIVERED_RECORDS)


_DELIVERIES = """
    CREATE TABLE deliveries AS
    WITH told AS (
        SELECT *, year(quarter_start) || 'Q' || quarter(quarter_start) AS quarter
        FROM read_parquet({rows})
    ),
    numbered AS (
        SELECT quarter_start, delivery_sequence, delivery_kind, {is_new} AS is_new,
            row_number() OVER (ORDER BY received_at) AS number
        FROM told
    )
    SELECT *,
        NOT is_new AND number >= coalesce(max(
            CASE WHEN delivery_kind <> 'delta' AND NOT is_new THEN number END
        ) OVER (PARTITION BY quarter_start), 0) AS before,
        number >= coalesce(max(
            CASE WHEN delivery_kind <> 'delta' THEN number END
        ) OVER (PARTITION BY quarter_start), 0) AS after
    FROM numbered
"""

_SEGMENTS = """
    SELECT rpad(ori, 9, ' ') || rpad(incident_number, 12, ' ') AS key, number * 1e9 + line_number
        AS position, {level} AS level, segment_action_type AS action, is_new, before, after,
        hash(row({content}, segment_action_type = 'D')) AS content
    FROM read_parquet({rows}) JOIN deliveries USING (quarter_start, delivery_sequence)
    WHERE segment_action_type <> 'W'
"""

# The content of an incident is what was said from its last report on.
_STANDING_INCIDENTS = """
    CREATE TABLE standing_{side} AS
    WITH acts AS (
        SELECT key, max(position) AS begins, arg_max(action, position) AS action
        FROM segments WHERE {side} AND level = '1' AND action <> 'M' GROUP BY key
    )
    SELECT key, hash(list_sort(list(level || ':' || segments.content))) AS content
    FROM segments JOIN acts USING (key)
    WHERE {side} AND acts.action <> 'D' AND position >= begins GROUP BY key
"""

_ACTS = """
    CREATE TABLE done AS
    SELECT key,
        string_agg(CASE WHEN level = '1' AND action <> 'M' THEN action ELSE '' END, ''
            ORDER BY position) AS acts
    FROM segments WHERE is_new GROUP BY key
"""

_RECORDS = """
    CREATE TABLE records AS
    SELECT {key} AS key, {child} AS child, number * 1e9 + line_number AS position,
        is_new, before, after, hash(row({content})) AS content
    FROM read_parquet({rows}) JOIN deliveries USING (quarter_start, delivery_sequence)
"""

_PARTS = """
    SELECT e4_child_record_number AS key, number, line_number, is_new, before, after,
        hash(row({table}, {content})) AS content
    FROM read_parquet({rows}) JOIN deliveries USING (quarter_start, delivery_sequence)
"""

_CHILDREN_IN_CARE = """
    CREATE TABLE records AS
    SELECT key, key AS child, number * 1e9 + min(line_number) AS position, is_new, before, after,
        hash(list_sort(list(content))) AS content
    FROM ({parts}) GROUP BY key, number, is_new, before, after
"""

_STANDING_RECORDS = """
    CREATE TABLE standing_{side} AS
    SELECT key, arg_max(content, position) AS content FROM records WHERE {side} GROUP BY key
"""

_DELIVERED_RECORDS = """
    CREATE TABLE done AS SELECT DISTINCT key, 'I' AS acts FROM records WHERE is_new
"""

_JUDGE = """
    CREATE TABLE judged AS
    SELECT key,
        CASE
            WHEN stood.key IS NULL AND stands.key IS NULL THEN 'no effect'
            WHEN stood.key IS NULL THEN 'new'
            WHEN stands.key IS NULL AND acts IS NULL THEN 'left out'
            WHEN stands.key IS NULL THEN 'deleted'
            WHEN stood.content = stands.content THEN 'unchanged'
            ELSE 'corrected'
        END AS change,
        CASE
            WHEN acts IS NULL AND stands.key IS NULL THEN 'delivered before, left out now'
            WHEN acts IS NULL THEN 'delivered before, not mentioned now'
            WHEN acts = '' THEN 'single segments are changed'
            WHEN stood.key IS NULL AND acts IN ('I', 'R') THEN 'reported for the first time'
            WHEN acts IN ('D', 'DD') THEN 'deleted'
            WHEN stood.key IS NULL AND stands.key IS NULL THEN 'reported and deleted at once'
            WHEN acts = 'R' THEN 'replaced by a new report'
            WHEN acts = 'I' THEN 'reported again'
            WHEN acts LIKE '%D' THEN 'reported again and deleted'
            ELSE 'deleted and reported anew'
        END AS history
    FROM (SELECT key FROM standing_before UNION SELECT key FROM standing_after
        UNION SELECT key FROM done)
    LEFT JOIN standing_before AS stood USING (key)
    LEFT JOIN standing_after AS stands USING (key)
    LEFT JOIN done USING (key)
"""

_HISTORIES = """
    SELECT change, history, count(*) AS total FROM judged
    GROUP BY change, history ORDER BY total DESC, change, history
"""

# As dbt reads an age (int_mshp__aged_victims): under 18 where its upper end is.
_AGES = """
    CREATE TABLE victims AS
    SELECT rpad(ori, 9, ' ') || rpad(incident_number, 12, ' ') AS key,
        victim_sequence_number AS person,
        CASE WHEN regexp_full_match(ori, {state} || '[0-9A-Z]{{7}}') THEN ori ELSE 'elsewhere' END
            AS agency,
        bool_or(trim(type_of_victim) IN ('I', 'L') AND (
            trim(age_of_victim) IN ('NN', 'NB', 'BB')
            OR (trim(age_of_victim) NOT IN ('00', '0000') AND try_cast(
                CASE length(trim(age_of_victim))
                    WHEN 2 THEN trim(age_of_victim) WHEN 4 THEN substr(age_of_victim, 3, 2)
                END AS INTEGER) < 18)
        )) AS is_child
    FROM read_parquet({rows}) JOIN deliveries USING (quarter_start, delivery_sequence)
    WHERE before OR after
    GROUP BY ALL
"""

_VICTIMS = """
    SELECT agency, count(*) FROM victims JOIN judged USING (key)
    WHERE is_child AND change NOT IN ('unchanged', 'no effect') GROUP BY agency ORDER BY agency
"""

_CHILDREN = """
    SELECT 'all', count(DISTINCT child) FROM records JOIN judged USING (key)
    WHERE (before OR after) AND change NOT IN ('unchanged', 'no effect')
"""
