with identified as (
    select
        *,
        coalesce(child_id, victim_key) as child_key
    from {{ ref('child_events') }}
),

counted as (
    select
        child_key,
        min(quarter_start) as first_quarter_start,
        min(event_date) as first_event_date,
        count(case when agency = 'dss' then 1 end) as dss_event_count,
        count(case when agency = 'mshp' then 1 end) as mshp_event_count
    from identified
    group by child_key
)

select
    child_key,
    first_quarter_start,
    first_event_date,
    case
        when mshp_event_count = 0 then 'dss_only'
        when dss_event_count = 0 then 'mshp_only'
        else 'both'
    end as agency_pattern,
    dss_event_count,
    mshp_event_count
from counted
