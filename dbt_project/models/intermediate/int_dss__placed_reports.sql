with placed as (
    select
        reports.*,
        coalesce(residence.fips, case when reports.residence_county_number = 998 then null else reported.fips end)
            as county_fips,
        case
            when residence.fips is not null then null
            when reports.residence_county_number = 998 then true
            when reported.fips is not null then null
            when reports.report_county_number = 998 then true
        end as is_outside_state
    from {{ ref('int_dss__aged_reports') }} as reports
    left join {{ ref('counties') }} as residence
        on {{ county_on('residence', fips_of_number('reports.residence_county_number'), 'reports.event_date') }}
    left join {{ ref('counties') }} as reported
        on {{ county_on('reported', fips_of_number('reports.report_county_number'), 'reports.event_date') }}
)

select
    placed.report_id,
    placed.child_id,
    placed.delivery_quarter_start,
    placed.delivery_sequence,
    placed.report_date,
    placed.quarter_start,
    placed.known_quarter_start,
    placed.event_date,
    placed.disposition_date,
    placed.days_open,
    placed.time_open_group,
    placed.birth_date,
    placed.age_years,
    placed.is_child,
    placed.age_band,
    placed.sex_code,
    placed.county_fips,
    counties.circuit,
    {{ public_places('placed.is_outside_state', 'counties') }}
from placed
left join {{ ref('counties') }} as counties
    on {{ county_on('counties', 'placed.county_fips', 'placed.event_date') }}
