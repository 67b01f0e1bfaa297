-- depends_on: {{ ref('lag_group') }}
with links as (
    {{ links_by_the_end_of_the_quarter() }}
),

victim_records as (
    select
        records.unit_id as victim_key,
        events.event_date as incident_date,
        case when links.has_place then links.child_id end as child_id,
        case when links.has_place then links.first_report_date end as noted_report_date
    from {{ ref('juvenile_victim_records_in_year') }} as records
    inner join {{ ref('child_events') }} as events on records.unit_id = events.victim_key
    left join links on records.unit_id = links.victim_key
    where records.quarter_start = {{ current_quarter() }}
),

reports as (
    select
        child_id,
        min(report_date) as first_report_date
    from {{ ref('child_events') }}
    where agency = 'dss' and known_quarter_start <= {{ current_quarter() }}
    group by child_id
)

select
    {{ current_quarter() }} as quarter_start,
    victim_records.victim_key as unit_id,
    {{ state_key() }} as state,
    case
        when victim_records.child_id is null then 'none_found'
        when
            least(reports.first_report_date, victim_records.noted_report_date) <= victim_records.incident_date
            then 'same_day'
        else 'later'
    end as lag_group
from victim_records
left join reports on victim_records.child_id = reports.child_id
