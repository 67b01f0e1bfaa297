-- depends_on: {{ ref('state') }}
with ordered as (
    select
        quarter_start,
        report_id,
        row_number() over (
            partition by child_id
            order by event_order nulls last, event_id nulls last
        ) as report_order
    from {{ ref('child_events') }}
    where agency = 'dss' and quarter_start = {{ current_quarter() }}
)

select distinct
    quarter_start,
    report_id as unit_id,
    'Missouri' as state
from ordered
where report_order <= {{ var('bound_reports') }}
