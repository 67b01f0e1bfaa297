"""Read what linking needs from the warehouse, and write the links of a quarter to the vault.

Does not belong here: the rule by which records are linked (see `linkage`).
"""

from __future__ import annotations

from linkage.links import ExactTokenLinker, write_links
from linkage.order_key import ensure_order_key
from orchestration.settings import Settings
from orchestration.warehouse import open_warehouse
from sources.quarters import Quarter

RECORDS_FOR_ONE_CHILD = 2
"""Most police victim records that may take one child; the policy's distances rest on it."""

_VICTIMS = """
select v.victim_key, t.token
from staging.stg_mshp__victims as v
left join staging.stg_mshp__tokens as t on t.record_key = v.victim_key
where v.is_juvenile_trafficking_victim and v.quarter_start = date '{quarter}'
"""

_CHILDREN = """
select r.child_id, min(t.token) as token, bool_or(r.quarter_start = date '{quarter}') as is_reported
from staging.stg_dss__child_reports as r
left join staging.stg_dss__tokens as t on t.record_key = r.child_id
where r.is_sex_trafficking_alleged and r.is_child
group by r.child_id
"""


def link_quarter(quarter: Quarter, settings: Settings) -> None:
    """Write `linkage/<quarter>/links.parquet`; the same warehouse gives the same links.

    Raises:
        LinkageError: When the warehouse or the order key cannot be read.
    """
    order_key = settings.vault / "keys" / "order_key.parquet"
    ensure_order_key(order_key)
    first_day = quarter.first_day
    with open_warehouse(settings) as connection:
        write_links(
            connection,
            victims=_VICTIMS.format(quarter=first_day.isoformat()),
            children=_CHILDREN.format(quarter=first_day.isoformat()),
            quarter_start=first_day,
            order_key_path=order_key,
            out_parquet=settings.vault / "linkage" / str(quarter) / "links.parquet",
            linker=ExactTokenLinker(k=RECORDS_FOR_ONE_CHILD),
        )
