-- depends_on: {{ ref('agency_pattern') }}
with events as (
    select *
    from {{ ref('child_events') }}
    where quarter_start = {{ current_quarter() }}
),

children_reported as (
    select distinct child_id
    from events
    where agency = 'dss'
),

victim_records as (
    select
        events.victim_key,
        children_reported.child_id as reported_child_id
    from events
    left join children_reported on events.child_id = children_reported.child_id
    where events.agency = 'mshp'
),

children_linked as (
    select distinct reported_child_id
    from victim_records
    where reported_child_id is not null
)

select
    {{ current_quarter() }} as quarter_start,
    children_reported.child_id as unit_id,
    case when children_linked.reported_child_id is null then 'dss_only' else 'both' end as agency_pattern
from children_reported
left join children_linked on children_reported.child_id = children_linked.reported_child_id
union all
select
    {{ current_quarter() }} as quarter_start,
    victim_key as unit_id,
    'mshp_only' as agency_pattern
from victim_records
where reported_child_id is null
