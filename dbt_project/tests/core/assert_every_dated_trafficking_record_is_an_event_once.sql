{{ config(meta={'dagster': {'ref': {'name': 'child_events'}}}) }}

with records as (
    {{ event_records() }}
)

select coalesce(records.event_id, events.event_id) as event_id
from records
full outer join {{ ref('child_events') }} as events
    on records.event_id = events.event_id
where records.event_id is null or events.event_id is null
