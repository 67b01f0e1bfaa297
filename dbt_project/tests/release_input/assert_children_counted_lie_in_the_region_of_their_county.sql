{{ config(meta={'dagster': {'ref': {'name': 'children_counted'}}}) }}

select children.unit_id
from {{ ref('children_counted') }} as children
left join {{ ref('counties') }} as counties
    on children.county = counties.county and counties.valid_to = date '9999-12-31'
where coalesce(counties.region, children.county) <> children.region
