{{ config(meta={'dagster': {'ref': {'name': 'child_events'}}}) }}

with records as (
    select 'dss:' || report_id || ':' || child_id as event_id
    from {{ ref('int_dss__child_reports') }}
    where is_trafficking_event and {{ is_on_record('quarter_start') }}
    union all
    select 'mshp:' || victim_key as event_id
    from {{ ref('int_mshp__victims') }}
    where is_trafficking_event and {{ is_on_record('quarter_start') }}
)

select coalesce(records.event_id, events.event_id) as event_id
from records
full outer join {{ ref('child_events') }} as events
    on records.event_id = events.event_id
where records.event_id is null or events.event_id is null
