{{ config(materialized='table') }}

select
    tellings.record_number,
    tellings.delivery_quarter_start,
    tellings.first_delivery_quarter_start,
    tellings.period_start,
    tellings.period_end,
    tellings.birth_date,
    tellings.sex_group,
    tellings.was_trafficked_before_care,
    tellings.was_trafficked_in_care,
    tellings.was_reported_before_care,
    tellings.was_reported_in_care,
    tellings.first_report_before_care,
    tellings.first_report_in_care,
    reported.child_id,
    reported.agrees_on_birth_date
from {{ ref('int_care__tellings') }} as tellings
left join {{ ref('int_care__reported_children') }} as reported
    on tellings.record_number = reported.record_number
where tellings.is_newest
