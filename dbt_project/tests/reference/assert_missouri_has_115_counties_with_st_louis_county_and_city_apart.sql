select
    count(distinct fips) as county_count,
    max(case when fips = '29189' then county end) as st_louis_county,
    max(case when fips = '29510' then county end) as st_louis_city
from {{ ref('counties') }}
having
    county_count <> 115
    or st_louis_county <> 'St. Louis County'
    or st_louis_city <> 'St. Louis city'
