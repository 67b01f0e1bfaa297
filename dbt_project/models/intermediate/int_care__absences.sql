{{ config(materialized='table') }}

with settings as (
    select
        *,
        lead(start_date) over (
            partition by record_number, removal_date
            order by setting_order asc nulls last
        ) as next_start_date,
        -- adjoining absences have as many other settings before them
        count(case when not is_absence then 1 end) over (
            partition by record_number, removal_date
            order by setting_order asc nulls last
        ) as others_before
    from {{ ref('int_care__settings') }}
),

absences as (
    select
        record_number,
        removal_date,
        others_before,
        min(start_date) as start_date,
        max(coalesce(next_start_date, date '9999-12-31')) as next_start_date,
        max(exit_date) as exit_date,
        max(is_runaway) as is_runaway,
        max(is_whereabouts_unknown) as is_whereabouts_unknown,
        max(delivery_quarter_start) as delivery_quarter_start
    from settings
    where is_absence
    group by record_number, removal_date, others_before
)

select
    record_number,
    removal_date,
    row_number() over (
        partition by record_number, removal_date
        order by start_date asc, others_before asc
    ) as absence_number,
    start_date,
    least(nullif(next_start_date, date '9999-12-31'), exit_date) as end_date,
    is_runaway,
    is_whereabouts_unknown,
    delivery_quarter_start
from absences
where exit_date is null or start_date <= exit_date
