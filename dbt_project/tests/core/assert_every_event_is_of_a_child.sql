{{ config(meta={'dagster': {'ref': {'name': 'child_events'}}}) }}

select events.event_id
from {{ ref('child_events') }} as events
left join {{ ref('int_dss__child_reports') }} as reports
    on events.report_id = reports.report_id and events.child_id = reports.child_id
left join {{ ref('int_mshp__victims') }} as victims
    on events.victim_key = victims.victim_key
where
    not coalesce(case events.agency when 'dss' then reports.is_child when 'mshp' then victims.is_child end, false)
