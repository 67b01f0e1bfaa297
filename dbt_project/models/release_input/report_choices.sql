with counted as (
    {% if is_incremental() %}
    select
        child_id,
        count(distinct quarter_start) as quarter_count,
        max(quarter_start) as last_quarter_start
    from {{ this }}
    where {{ is_released('quarter_start') }}
    group by child_id
    {% else %}
    select
        '' as child_id,
        0 as quarter_count,
        {{ current_quarter() }} as last_quarter_start
    where false
    {% endif %}
),

ordered as (
    select
        events.child_id,
        events.report_id,
        counted.quarter_count,
        row_number() over (
            partition by events.child_id
            order by events.event_order nulls last, events.event_id nulls last
        ) as report_order
    from {{ ref('child_events') }} as events
    left join counted on events.child_id = counted.child_id
    where
        events.agency = 'dss'
        and {{ is_counted_now('events.known_quarter_start') }}
        and (
            counted.last_quarter_start is null
            or events.known_quarter_start > counted.last_quarter_start
        )
)

select
    {{ current_quarter() }} as quarter_start,
    child_id,
    report_id
from ordered
where
    report_order <= {{ stated_bound('bound_reports') }}
    and coalesce(quarter_count, 0) < {{ stated_bound('bound_report_quarters') }}
