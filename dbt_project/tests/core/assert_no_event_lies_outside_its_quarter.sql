{{ config(meta={'dagster': {'ref': {'name': 'child_events'}}}) }}

select event_id
from {{ ref('child_events') }}
where
    quarter_start is null
    or quarter_start <> {{ quarter_of('coalesce(report_date, event_date)') }}
