with first_reports as (
    select
        events.child_id,
        events.region,
        events.county,
        events.age_band,
        events.sex_group,
        row_number() over (
            partition by events.child_id
            order by events.event_order nulls last, events.event_id nulls last
        ) as report_order
    from {{ ref('child_events') }} as events
    inner join {{ ref('children') }} as children
        on events.child_id = children.child_id and events.known_quarter_start = children.first_quarter_start
    where
        events.agency = 'dss'
        and {{ is_counted_now('children.first_quarter_start') }}
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
