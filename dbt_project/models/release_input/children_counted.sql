with first_reports as (
    select
        child_id,
        region,
        county,
        age_band,
        sex_group,
        row_number() over (
            partition by child_id
            order by known_quarter_start nulls last, event_order nulls last, event_id nulls last
        ) as report_order
    from {{ ref('child_events') }}
    where
        agency = 'dss'
        and child_id is not null
        and {{ is_counted_now('known_quarter_start') }}
)

select
    {{ current_quarter() }} as quarter_start,
    child_id as unit_id,
    region,
    county,
    age_band,
    sex_group
from first_reports
where
    report_order = 1
    and {{ is_counted_in_no_other_quarter('child_id') }}
