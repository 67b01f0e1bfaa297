{{ config(meta={'dagster': {'ref': {'name': 'child_events'}}}) }}

-- Counted over all quarters, and of child events too, which are made from the links.
select child_id
from (
    select
        child_id,
        victim_key
    from {{ source('linkage', 'dss_mshp_links') }}
    where has_place and child_id is not null
    union
    select
        child_id,
        victim_key
    from {{ ref('child_events') }}
    where agency = 'mshp' and child_id is not null
)
group by child_id
having count(*) > {{ var('bound_links') }}
