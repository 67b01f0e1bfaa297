{{ config(materialized='table') }}

select
    removals.record_number,
    removals.removal_date,
    removals.exit_date,
    removals.is_former,
    case removals.trafficking_code when 1 then true when 0 then false end as is_because_of_trafficking,
    case removals.ran_away_code when 1 then true when 0 then false end as had_run_away,
    case removals.missing_code when 1 then true when 0 then false end as was_missing,
    removals.exit_reason_code,
    coalesce(removals.exit_date is not null and removals.exit_reason_code = 6, false) as is_exit_by_absence,
    counties.fips as county_fips,
    counties.circuit,
    {{ public_places('false', 'counties') }},
    removals.removal_date = max(removals.removal_date) over (partition by removals.record_number) as is_newest,
    removals.delivery_quarter_start,
    removals.first_delivery_quarter_start
from {{ ref('int_care__standing_removals') }} as removals
left join {{ ref('counties') }} as counties
    on {{ county_on('counties', 'removals.county_code', 'removals.removal_date') }}
