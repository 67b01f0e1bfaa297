-- depends_on: {{ ref('agency_pattern') }}
with links as (
    {{ links_by_the_end_of_the_quarter() }}
),

children_known_to_police as (
    select distinct child_id
    from links
    where child_id is not null
),

children_reported as (
    select unit_id as child_id
    from {{ ref('children_reported_in_year') }}
    where quarter_start = {{ current_quarter() }}
),

known_to_police_only as (
    select distinct coalesce(links.token, records.unit_id) as unit_id
    from {{ ref('juvenile_victim_records_in_year') }} as records
    left join links on records.unit_id = links.victim_key
    where records.quarter_start = {{ current_quarter() }} and links.child_id is null
)

select
    {{ current_quarter() }} as quarter_start,
    children_reported.child_id as unit_id,
    {{ state_key() }} as state,
    case when children_known_to_police.child_id is null then 'dss_only' else 'both' end as agency_pattern
from children_reported
left join children_known_to_police on children_reported.child_id = children_known_to_police.child_id
union all
select
    {{ current_quarter() }} as quarter_start,
    unit_id,
    {{ state_key() }} as state,
    'mshp_only' as agency_pattern
from known_to_police_only
where {{ is_counted_in_no_other_quarter('unit_id') }}
