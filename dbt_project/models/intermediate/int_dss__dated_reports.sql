with dated as (
    select
        *,
        {{ quarter_of('report_date') }} as quarter_start,
        case
            when report_date is null then null
            when incident_date <= report_date then incident_date
            else report_date
        end as event_date,
        case when report_date <= disposition_date then {{ days_between('report_date', 'disposition_date') }} end
            as days_open
    from {{ ref('int_dss__current_reports') }}
)

select
    report_id,
    child_id,
    delivery_quarter_start,
    delivery_sequence,
    report_date,
    quarter_start,
    {{ known_quarter('quarter_start', 'first_delivery_quarter_start') }} as known_quarter_start,
    event_date,
    disposition_date,
    days_open,
    case
        when days_open <= 30 then 'to_30'
        when days_open <= 45 then '31_to_45'
        when days_open <= 90 then '46_to_90'
        when days_open > 90 then 'over_90'
    end as time_open_group,
    birth_date,
    reported_age_code,
    sex_code,
    residence_county_number,
    report_county_number
from dated
