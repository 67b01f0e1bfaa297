{{ config(meta={'dagster': {'ref': {'name': 'reports_to_childrens_division'}}}) }}

with chosen as (
    select distinct
        quarter_start,
        report_id
    from {{ ref('report_choices') }}
)

select coalesce(chosen.report_id, released.unit_id) as report_id
from chosen
full outer join {{ ref('reports_to_childrens_division') }} as released
    on chosen.quarter_start = released.quarter_start and chosen.report_id = released.unit_id
where chosen.report_id is null or released.unit_id is null
