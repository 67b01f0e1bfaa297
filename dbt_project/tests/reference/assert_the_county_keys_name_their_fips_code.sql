{{ config(meta={'dagster': {'ref': {'name': 'county'}}}) }}

-- The two units called St. Louis cannot be taken for one another.
select coalesce(counties.name, county.key) as county
from (
    select distinct
        name,
        'FIPS ' || fips as description
    from {{ ref('missouri_counties') }}
) as counties
full outer join {{ ref('county') }} as county
    on counties.name = county.key and counties.description = county.description
where
    counties.name is null and county.key not in ({{ outside_state_key() }}, 'Unknown')
    or county.key is null
