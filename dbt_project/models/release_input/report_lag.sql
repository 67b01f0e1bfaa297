-- depends_on: {{ ref('state') }} {{ ref('lag_group') }}
with victim_records as (
    select
        records.quarter_start,
        records.unit_id as victim_key,
        events.child_id,
        events.event_date as incident_date
    from {{ ref('juvenile_victim_records') }} as records
    inner join {{ ref('child_events') }} as events on records.unit_id = events.victim_key
    where records.quarter_start = {{ current_quarter() }}
),

reports as (
    select
        child_id,
        report_date
    from {{ ref('child_events') }}
    where agency = 'dss' and known_quarter_start <= {{ current_quarter() }}
),

first_reports as (
    select
        victim_records.quarter_start,
        victim_records.victim_key,
        victim_records.incident_date,
        min(reports.report_date) as first_report_date
    from victim_records
    left join reports on victim_records.child_id = reports.child_id
    group by victim_records.quarter_start, victim_records.victim_key, victim_records.incident_date
),

lags as (
    select
        quarter_start,
        victim_key,
        {{ dbt.datediff('incident_date', 'first_report_date', 'day') }} as lag_days -- noqa: LT05
    from first_reports
)

select
    quarter_start,
    victim_key as unit_id,
    'Missouri' as state,
    case
        when lag_days is null then 'none_found'
        when lag_days <= 0 then 'same_day'
        when lag_days <= 3 then 'days_1_to_3'
        when lag_days <= 30 then 'days_4_to_30'
        else 'over_30_days'
    end as lag_group
from lags
