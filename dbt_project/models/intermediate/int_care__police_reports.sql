{{ config(materialized='table') }}

select distinct
    reports.record_number,
    reports.is_in_care,
    reports.report_date,
    reports.report_date > children.period_end as is_after_period
from {{ ref('int_care__told_reports') }} as reports
inner join {{ ref('int_care__children') }} as children
    on reports.record_number = children.record_number
where reports.telling_order = 1 and reports.report_date is not null
