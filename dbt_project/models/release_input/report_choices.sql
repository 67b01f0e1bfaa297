with ordered as (
    select
        known_quarter_start as quarter_start,
        child_id,
        report_id,
        row_number() over (
            partition by child_id
            order by event_order nulls last, event_id nulls last
        ) as report_order
    from {{ ref('child_events') }}
    where agency = 'dss' and known_quarter_start = {{ current_quarter() }}
),

other_quarters as (
    {% if is_incremental() %}
    select
        child_id,
        count(distinct quarter_start) as quarter_count
    from {{ this }}
    where quarter_start <> {{ current_quarter() }}
    group by child_id
    {% else %}
    select
        '' as child_id,
        0 as quarter_count
    where false
    {% endif %}
)

select
    ordered.quarter_start,
    ordered.child_id,
    ordered.report_id
from ordered
left join other_quarters on ordered.child_id = other_quarters.child_id
where
    ordered.report_order <= {{ var('bound_reports') }}
    and coalesce(other_quarters.quarter_count, 0) < {{ var('bound_report_quarters') }}
