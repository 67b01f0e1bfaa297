"""Read what linking needs from the warehouse, and write the links of a quarter to the vault.

Does not belong here: the rule by which records are linked (see `linkage`).
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from linkage.links import ExactTokenLinker, write_links
from linkage.order_key import ensure_order_key
from orchestration.bounds import RECORDS_FOR_ONE_CHILD, read_bounds
from orchestration.kept_quarters import find_kept_quarters
from orchestration.settings import Settings
from orchestration.warehouse import open_warehouse
from privacy.policy.policy import load_policy
from sources.quarters import Quarter

_VICTIMS = """
select v.victim_key, t.token
from staging.stg_mshp__victims as v
left join staging.stg_mshp__tokens as t on t.record_key = v.victim_key
where v.is_juvenile_trafficking_victim and v.known_quarter_start = date '{quarter}'
"""

_CHILDREN = """
select r.child_id, min(t.token) as token, min(r.known_quarter_start) as first_quarter_start
from staging.stg_dss__child_reports as r
left join staging.stg_dss__tokens as t on t.record_key = r.child_id
where r.is_sex_trafficking_alleged and r.is_child and r.known_quarter_start <= date '{quarter}'
group by r.child_id
"""


def link_quarter(quarter: Quarter, settings: Settings) -> None:
    """Write `linkage/<quarter>/links.parquet`; the same warehouse gives the same links.

    The links of a quarter that was released stay as they are.

    Raises:
        LinkageError: When the warehouse or the order key cannot be read.
        OrchestrationError: MS932 where the policy does not say how many records may take a child.
    """
    kept = find_kept_quarters(settings)
    out = _links_of(quarter, settings)
    if quarter in kept and out.exists():
        return
    order_key = settings.vault / "keys" / "order_key.parquet"
    ensure_order_key(order_key)
    first_day = quarter.first_day
    with open_warehouse(settings) as connection:
        write_links(
            connection,
            victims=_VICTIMS.format(quarter=first_day.isoformat()),
            children=_CHILDREN.format(quarter=first_day.isoformat()),
            earlier=_list_earlier(quarter, kept, settings),
            quarter_start=first_day,
            order_key_path=order_key,
            out_parquet=out,
            linker=ExactTokenLinker(
                read_bounds(load_policy(settings.policy))[RECORDS_FOR_ONE_CHILD]
            ),
        )


def _list_earlier(quarter: Quarter, kept: Collection[Quarter], settings: Settings) -> list[Path]:
    """List the links of the quarters before this one, and of later ones that were released."""
    files = (settings.vault / "linkage").glob("*/links.parquet")
    linked = (Quarter.parse(path.parent.name) for path in files)
    return [
        _links_of(other, settings)
        for other in sorted(linked)
        if other < quarter or (other != quarter and other in kept)
    ]


def _links_of(quarter: Quarter, settings: Settings) -> Path:
    return settings.vault / "linkage" / str(quarter) / "links.parquet"
