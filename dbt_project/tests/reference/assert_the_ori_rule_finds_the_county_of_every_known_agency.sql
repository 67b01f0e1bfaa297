{{ config(meta={'dagster': {'ref': {'name': 'police_agencies'}}}) }}

select agencies.ori
from {{ ref('police_agencies') }} as agencies
left join {{ ref('counties') }} as counties
    on {{ county_on('counties', fips_of_ori('agencies.ori'), "date '2020-12-31'") }}
where coalesce(agencies.county_fips, '') <> coalesce(counties.fips, '')
