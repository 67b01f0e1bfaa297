{{ config(meta={'dagster': {'ref': {'name': 'police_agencies'}}}) }}

select agencies.ori
from {{ ref('police_agencies') }} as agencies
left join {{ ref('ori_county') }} as ori_counties
    on {{ ori_lies_in('ori_counties', 'agencies.ori') }}
left join {{ ref('counties') }} as counties
    on {{ county_on('counties', 'ori_counties.fips', "date '2020-12-31'") }}
where coalesce(agencies.county_fips, '') <> coalesce(counties.fips, '')
