{{ config(materialized='table') }}

with reports as (
    select
        record_number,
        delivery_quarter_start,
        delivery_sequence,
        max(case when not is_in_care then was_reported end) as was_reported_before_care,
        max(case when is_in_care then was_reported end) as was_reported_in_care,
        min(case when not is_in_care then report_date end) as first_report_before_care,
        min(case when is_in_care then report_date end) as first_report_in_care
    from {{ ref('int_care__told_reports') }}
    group by record_number, delivery_quarter_start, delivery_sequence
),

ranked as (
    select
        *,
        row_number() over (
            partition by record_number, delivery_quarter_start
            order by telling_order asc nulls last
        ) as order_in_period
    from {{ ref('int_care__told_children') }}
)

select
    ranked.record_number,
    ranked.delivery_quarter_start,
    try_cast(ranked.delivery_quarter_start - interval 3 month as date) as period_start,
    try_cast(ranked.delivery_quarter_start + interval 3 month - interval 1 day as date) as period_end,
    ranked.delivery_sequence,
    ranked.birth_date,
    ranked.sex_group,
    ranked.was_trafficked_before_care,
    ranked.was_trafficked_in_care,
    reports.was_reported_before_care,
    reports.was_reported_in_care,
    reports.first_report_before_care,
    reports.first_report_in_care,
    ranked.first_delivery_quarter_start,
    ranked.telling_order = 1 as is_newest
from ranked
left join reports
    on
        ranked.record_number = reports.record_number
        and ranked.delivery_quarter_start = reports.delivery_quarter_start
        and ranked.delivery_sequence = reports.delivery_sequence
where ranked.order_in_period = 1
