"""Read what linking needs from the warehouse, and write the links of a quarter to the vault.

Does not belong here: the rule by which records are linked (see `linkage`).
"""

from __future__ import annotations

from pathlib import Path

from linkage.links import LINKS, EqualTokenLinker, write_links
from linkage.order_key import ensure_order_key
from orchestration.guards.bounds import RECORDS_FOR_ONE_CHILD, read_bounds
from orchestration.guards.built_rules import LINKAGE, begin_step, end_step
from orchestration.guards.kept_quarters import find_kept_quarters
from orchestration.guards.quarter_order import refuse_passed_quarter
from orchestration.hub.settings import Settings
from orchestration.hub.warehouse import open_warehouse
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
select list(distinct case when contains(token, ':') then split_part(token, ':', 1) else '' end)
    as epochs
from intermediate.int_tokens
where delivery_quarter_start = date '{quarter}'
group by agency
"""
"""Of each agency, the epochs of the tokens that a quarter brought; '' for the first recipe."""


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
    with open_warehouse(settings) as connection:
        write_links(
            connection,
            victims=VICTIMS_KNOWN.format(**days),
            children=CHILDREN_KNOWN.format(**days),
            epochs=EPOCHS.format(**days),
            released=[folder_of_links(other, settings) for other in sorted(released)],
            quarter_start=quarter.first_day,
            order_key_path=order_key,
            folder=folder_of_links(quarter, settings),
            linker=EqualTokenLinker(read_bounds(policy)[RECORDS_FOR_ONE_CHILD]),
        )
    end_step(LINKAGE, quarter, making, settings)


def folder_of_links(quarter: Quarter, settings: Settings) -> Path:
    """Give the folder of what a quarter noted and linked."""
    return settings.vault.links(str(quarter))
