"""Read what linking needs from the warehouse, and write the links of a quarter to the vault.

Does not belong here: the rule by which records are linked (see `linkage`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from linkage.links import LINKS, EqualTokenLinker, write_links
from linkage.matching import write_year
from linkage.order_key import ensure_order_key
from orchestration.guards.bounds import RECORDS_FOR_ONE_CHILD, read_bounds
from orchestration.guards.built_rules import LINKAGE, begin_step, end_step
from orchestration.guards.kept_quarters import find_kept_quarters
from orchestration.guards.quarter_order import refuse_passed_quarter
from orchestration.hub.engine import find_master
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import Settings
from orchestration.hub.warehouse import open_warehouse, warehouse_lock
from orchestration.steps.spark_build import ask_spark
from privacy.policy.policy import load_policy
from sources.quarters import Quarter

VICTIMS_KNOWN = """
select v.victim_key, t.token
from intermediate.int_mshp__victims as v
left join intermediate.int_tokens as t on t.agency = 'mshp' and t.record_key = v.victim_key
where v.is_trafficking_event
    and v.known_quarter_start <= date '{quarter}' and v.quarter_start >= date '{record}'
"""

CHILDREN_KNOWN = """
select r.child_id, min(t.token) as token, min(r.report_date) as first_report_date
from intermediate.int_dss__child_reports as r
left join intermediate.int_tokens as t on t.agency = 'dss' and t.record_key = r.child_id
where r.is_trafficking_event
    and r.known_quarter_start <= date '{quarter}' and r.quarter_start >= date '{record}'
group by r.child_id
"""

EPOCHS = """
select array_agg(distinct case when contains(token, ':') then split_part(token, ':', 1) else '' end)
    as epochs
from intermediate.int_tokens
where delivery_quarter_start = date '{quarter}'
group by agency
"""
"""Of each agency, the epochs of the tokens that a quarter brought; '' for the first recipe."""

CHILDREN_OF_YEAR = """
with counted as (
    select unit_id as child_id, quarter_start from {counted} where quarter_start in ({released})
),
known as (
    select child_id, max(sex_group) filter (where sex_group <> 'unknown') as sex_group,
        min(coalesce(year(birth_date), year(event_date) - age_years)) as birth_year
    from intermediate.int_dss__child_reports
    where is_trafficking_event
        and known_quarter_start <= date '{quarter}' and quarter_start >= date '{record}'
    group by child_id
),
of_year as (
    select child_id from counted where quarter_start >= date '{year}'
    union
    select child_id from known where child_id not in (select child_id from counted)
)
select o.child_id, t.token, t.name_year_token, t.name_token, t.part_tokens,
    coalesce(k.sex_group, 'unknown') as sex_group, k.birth_year
from of_year as o
left join known as k on o.child_id = k.child_id
left join intermediate.int_tokens as t on t.agency = 'dss' and t.record_key = o.child_id
where {closes_a_year}
"""
"""The children that the model children_reported_in_year counts, also those withdrawn since."""

VICTIMS_OF_YEAR = """
select v.victim_key, t.token, t.name_year_token, t.name_token, t.part_tokens, v.sex_group,
    year(i.incident_date) - v.highest_age_years - 1 as born_from,
    year(i.incident_date) - v.lowest_age_years as born_to
from intermediate.int_mshp__victims as v
join intermediate.int_mshp__incidents as i on v.incident_key = i.incident_key
left join intermediate.int_tokens as t on t.agency = 'mshp' and t.record_key = v.victim_key
where v.is_trafficking_event
    and v.known_quarter_start <= date '{quarter}' and i.quarter_start >= date '{record}'
    and v.victim_key not in (select unit_id from {recorded} where quarter_start in ({released}))
    and {closes_a_year}
"""
"""The records that the model juvenile_victim_records_in_year counts."""

_LAST = 4
_COUNTED = "release_input.children_counted"
_RECORDED = "release_input.juvenile_victim_records_in_year"
_NOBODY = "(select try_cast(null as string) as unit_id, try_cast(null as date) as quarter_start)"
"""In place of both where no quarter was released, for then they may not be there."""


def link_quarter(quarter: Quarter, settings: Settings) -> None:
    """Write `linkage/<quarter>/`; the same warehouse gives the same links.

    The links of a quarter that was released stay as they are, and those of one that was not are
    nobody's but its own.

    Raises:
        OrchestrationError: MS928 when a later quarter was released, MS932 where the policy does not
            say how many records may take a child.
        LinkageError: MS814 where no token of one agency could equal one of the other; and when the
            warehouse or the order key cannot be read.
    """
    released = find_kept_quarters(settings)
    if quarter in released and (folder_of_links(quarter, settings) / LINKS).exists():
        return
    refuse_passed_quarter(quarter, released)
    making = begin_step(LINKAGE, quarter, released, settings)
    order_key = settings.vault.order_key
    ensure_order_key(order_key)
    policy = load_policy(settings.policy)
    days = {"quarter": quarter.first_day.isoformat(), "record": policy.first_day_of_record}
    questions = {
        "children": ask_of_year(CHILDREN_OF_YEAR, quarter, released, days["record"]),
        "victims": ask_of_year(VICTIMS_OF_YEAR, quarter, released, days["record"]),
        "victims_known": VICTIMS_KNOWN.format(**days),
        "children_known": CHILDREN_KNOWN.format(**days),
        "epochs": EPOCHS.format(**days),
    }
    with _asked(questions, quarter, settings) as (connection, rows):
        write_year(
            connection,
            children=rows["children"],
            victims=rows["victims"],
            before=_find_year_before(released, settings),
            quarter_start=quarter.first_day,
            order_key_path=order_key,
            folder=folder_of_links(quarter, settings),
        )
        write_links(
            connection,
            victims=rows["victims_known"],
            children=rows["children_known"],
            epochs=rows["epochs"],
            released=[folder_of_links(other, settings) for other in sorted(released)],
            quarter_start=quarter.first_day,
            order_key_path=order_key,
            folder=folder_of_links(quarter, settings),
            linker=EqualTokenLinker(read_bounds(policy)[RECORDS_FOR_ONE_CHILD]),
        )
    end_step(LINKAGE, quarter, making, settings)


@contextmanager
def _asked(
    questions: Mapping[str, str], quarter: Quarter, settings: Settings
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Mapping[str, str]]]:
    """Give a connection, and what is asked of it: where Spark is the engine, what it answered."""
    master = find_master(settings)
    if master is None:
        with open_warehouse(settings) as connection:
            yield connection, questions
        return
    if not settings.vault.warehouse.exists():
        raise OrchestrationError("MS924")
    log = settings.vault.dbt_logs / f"{quarter}-linkage-spark.txt"
    with (
        warehouse_lock(settings) as lock,
        ask_spark(master, questions, quarter, log, settings, lock) as rows,
        duckdb.connect() as connection,
    ):
        yield connection, rows


def ask_of_year(query: str, quarter: Quarter, released: Collection[Quarter], record: str) -> str:
    """Fill in a query of what the year counts that a quarter closes: nothing unless it is a fourth.

    Args:
        query: `CHILDREN_OF_YEAR` or `VICTIMS_OF_YEAR`.
        quarter: The quarter that is linked.
        released: Quarters that were released, all before it.
        record: First day of record, YYYY-MM-DD.
    """
    return query.format(
        quarter=quarter.first_day.isoformat(),
        year=Quarter(quarter.year, 1).first_day.isoformat(),
        record=record,
        released=", ".join(f"date '{one.first_day.isoformat()}'" for one in released) or "null",
        closes_a_year=quarter.number == _LAST,
        counted=_COUNTED if released else _NOBODY,
        recorded=_RECORDED if released else _NOBODY,
    )


def _find_year_before(released: Collection[Quarter], settings: Settings) -> Path | None:
    closed = [one for one in released if one.number == _LAST]
    return folder_of_links(max(closed), settings) if closed else None


def folder_of_links(quarter: Quarter, settings: Settings) -> Path:
    """Give the folder of what a quarter noted and linked."""
    return settings.vault.links(str(quarter))
