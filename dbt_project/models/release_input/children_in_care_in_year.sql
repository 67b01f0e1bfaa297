-- depends_on: {{ ref('care_absence') }} {{ ref('care_report') }}
with tellings as (
    select
        record_number,
        was_trafficked_before_care,
        was_reported_before_care,
        was_trafficked_in_care,
        was_reported_in_care
    from {{ ref('int_care__tellings') }}
    where {{ lies_in_closing_year('delivery_quarter_start') }}
),

said as (
    select
        record_number,
        was_trafficked_before_care as is_trafficked,
        was_reported_before_care as is_reported
    from tellings
    union all
    select
        record_number,
        was_trafficked_in_care as is_trafficked,
        was_reported_in_care as is_reported
    from tellings
),

children as (
    select
        record_number,
        coalesce(bool_or(is_trafficked), false) as is_trafficked,
        coalesce(bool_or(is_trafficked and is_reported), false) as is_reported,
        coalesce(bool_or(is_trafficked and is_reported is null), false) as is_unsaid
    from said
    group by record_number
),

in_care as (
    select
        record_number,
        bool_or(
            is_exit_by_absence
            and exit_date >= {{ first_day_of_federal_year() }}
            and exit_date < {{ current_quarter() }}
        ) as left_by_absence
    from {{ ref('int_care__removals') }}
    where
        not is_former
        and removal_date < {{ current_quarter() }}
        and (exit_date is null or exit_date >= {{ first_day_of_federal_year() }})
    group by record_number
),

absent as (
    select distinct record_number
    from {{ ref('int_care__absences') }}
    where
        start_date < {{ current_quarter() }}
        and (end_date is null or end_date > {{ first_day_of_federal_year() }})
)

select
    {{ current_quarter() }} as quarter_start,
    children.record_number as unit_id,
    {{ state_key() }} as state,
    case
        when absent.record_number is null and not coalesce(in_care.left_by_absence, false) then 'never_absent'
        when children.is_trafficked then 'absent_trafficked'
        else 'absent_other'
    end as care_absence,
    case
        when not children.is_trafficked then 'not_trafficked'
        when children.is_reported then 'reported'
        when children.is_unsaid then 'not_known'
        else 'not_reported'
    end as care_report
from children
inner join in_care on children.record_number = in_care.record_number
left join absent on children.record_number = absent.record_number
where {{ is_counted_in_fewer_quarters('children.record_number', stated_bound('bound_care_years')) }}
