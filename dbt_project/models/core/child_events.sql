with order_key as (
    select max(order_key) as order_key
    from {{ source('keys', 'order_key') }}
),

dss_events as (
    select
        'dss:' || reports.report_id || ':' || reports.child_id as event_id,
        'dss' as agency,
        reports.quarter_start,
        reports.known_quarter_start,
        try_cast(null as date) as incident_known_quarter_start,
        reports.event_date,
        reports.child_id,
        reports.report_id,
        reports.report_date,
        try_cast(null as string) as incident_key,
        try_cast(null as string) as victim_key,
        try_cast(null as string) as incident_definition,
        try_cast(null as string) as victim_definition,
        reports.finding_group,
        reports.age_band,
        reports.sex_group,
        reports.county,
        reports.region,
        reports.troop,
        reports.relationship_group,
        reports.delivery_quarter_start,
        reports.delivery_sequence
    from {{ ref('int_dss__child_reports') }} as reports
    where reports.is_trafficking_event
),

mshp_events as (
    select
        'mshp:' || victims.victim_key as event_id,
        'mshp' as agency,
        incidents.quarter_start,
        victims.known_quarter_start,
        incidents.known_quarter_start as incident_known_quarter_start,
        incidents.incident_date as event_date,
        try_cast(null as string) as child_id,
        try_cast(null as string) as report_id,
        try_cast(null as date) as report_date,
        victims.incident_key,
        victims.victim_key,
        victims.incident_definition,
        victims.victim_definition,
        try_cast(null as string) as finding_group,
        victims.age_band,
        victims.sex_group,
        incidents.county,
        incidents.region,
        incidents.troop,
        victims.relationship_group,
        victims.delivery_quarter_start,
        victims.delivery_sequence
    from {{ ref('int_mshp__victims') }} as victims
    inner join {{ ref('int_mshp__incidents') }} as incidents
        on victims.incident_key = incidents.incident_key
    where victims.is_trafficking_event
),

events as (
    select * from dss_events
    union all
    select * from mshp_events
)

select
    events.event_id,
    events.agency,
    events.quarter_start,
    events.known_quarter_start,
    events.incident_known_quarter_start,
    events.event_date,
    events.child_id,
    events.report_id,
    events.report_date,
    events.incident_key,
    events.victim_key,
    events.incident_definition,
    events.victim_definition,
    events.finding_group,
    events.age_band,
    events.sex_group,
    events.county,
    events.region,
    events.troop,
    events.relationship_group,
    {{ keyed_order('order_key.order_key', 'events.event_id') }} as event_order,
    events.delivery_quarter_start,
    events.delivery_sequence
from events
cross join order_key
where {{ is_on_record('events.quarter_start') }}
