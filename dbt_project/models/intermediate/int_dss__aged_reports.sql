with aged as (
    select
        *,
        case
            when birth_date <= event_date then {{ age_on('event_date', 'birth_date') }}
            when reported_age_code = 77 then 0
            when reported_age_code between 0 and 21 then reported_age_code
        end as age_years
    from {{ ref('int_dss__dated_reports') }}
)

select
    report_id,
    child_id,
    delivery_quarter_start,
    delivery_sequence,
    report_date,
    quarter_start,
    known_quarter_start,
    event_date,
    disposition_date,
    days_open,
    time_open_group,
    birth_date,
    age_years,
    coalesce(age_years < 18, true) as is_child,
    {{ age_band('age_years', 'age_years') }} as age_band,
    sex_code,
    residence_county_number,
    report_county_number
from aged
