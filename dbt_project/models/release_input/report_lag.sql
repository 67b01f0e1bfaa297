-- depends_on: {{ ref('lag_group') }}
with victim_records as (
    select
        quarter_start,
        victim_key,
        child_id,
        event_date as incident_date
    from {{ ref('child_events') }}
    where agency = 'mshp' and quarter_start = {{ current_quarter() }}
),

reports as (
    select
        child_id,
        report_date
    from {{ ref('child_events') }}
    where agency = 'dss'
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
    case
        when lag_days is null then 'none_found'
        when lag_days <= 0 then 'same_day'
        when lag_days <= 3 then 'days_1_to_3'
        when lag_days <= 30 then 'days_4_to_30'
        else 'over_30_days'
    end as lag_group
from lags
