{{ config(meta={'dagster': {'ref': {'name': 'reports_to_childrens_division'}}}) }}

-- A released report may name further children that did not choose it, so a child's own choice is recomputed.
with child_reports as (
    select
        child_id,
        report_id,
        row_number() over (
            partition by child_id
            order by event_order nulls last, event_id nulls last
        ) as report_order
    from {{ ref('child_events') }}
    where agency = 'dss' and quarter_start = {{ current_quarter() }}
),

chosen as (
    select distinct report_id
    from child_reports
    where report_order <= {{ var('bound_reports') }}
),

released as (
    select unit_id
    from {{ ref('reports_to_childrens_division') }}
    where quarter_start = {{ current_quarter() }}
)

select coalesce(chosen.report_id, released.unit_id) as report_id
from chosen
full outer join released on chosen.report_id = released.unit_id
where chosen.report_id is null or released.unit_id is null
