{{ config(meta={'dagster': {'ref': {'name': 'child_events'}}}) }}

select events.event_id
from {{ ref('child_events') }} as events
left join {{ ref('int_dss__child_reports') }} as reports
    on events.report_id = reports.report_id and events.child_id = reports.child_id
where
    events.agency = 'dss'
    and (
        not coalesce(reports.is_sex_trafficking_alleged, false)
        or coalesce(events.finding_group, 'not_alleged') = 'not_alleged'
    )
