{{ config(meta={'dagster': {'ref': {'name': 'county'}}}) }}

-- The two units called St. Louis cannot be taken for one another.
select coalesce(counties.county, county.key) as county
from (
    select distinct
        county,
        'FIPS ' || fips as description
    from {{ ref('counties') }}
) as counties
full outer join {{ ref('county') }} as county
    on counties.county = county.key and counties.description = county.description
where
    counties.county is null and county.key not in ({{ outside_state_key() }}, 'Unknown')
    or county.key is null
