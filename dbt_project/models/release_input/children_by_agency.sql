-- depends_on: {{ ref('state') }} {{ ref('agency_pattern') }}
with links as (
    select
        victim_key,
        max(token) as token,
        max(child_id) as child_id
    from {{ source('linkage', 'dss_mshp_links') }}
    where quarter_start <= {{ current_quarter() }}
    group by victim_key
),

children_linked as (
    select distinct child_id
    from links
    where child_id is not null
),

children_reported as (
    select unit_id as child_id
    from {{ ref('children_reported') }}
    where quarter_start = {{ current_quarter() }}
),

known_to_police_only as (
    select distinct coalesce(links.token, events.victim_key) as unit_id
    from {{ ref('child_events') }} as events
    left join links on events.victim_key = links.victim_key
    where
        events.agency = 'mshp'
        and events.known_quarter_start = {{ current_quarter() }}
        and links.child_id is null
)

select
    {{ current_quarter() }} as quarter_start,
    children_reported.child_id as unit_id,
    'Missouri' as state,
    case when children_linked.child_id is null then 'dss_only' else 'both' end as agency_pattern
from children_reported
left join children_linked on children_reported.child_id = children_linked.child_id
union all
select
    {{ current_quarter() }} as quarter_start,
    unit_id,
    'Missouri' as state,
    'mshp_only' as agency_pattern
from known_to_police_only
where {{ is_counted_in_no_other_quarter('unit_id') }}
