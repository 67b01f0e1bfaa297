{{ config(meta={'dagster': {'ref': {'name': 'children_counted'}}}) }}

select children.unit_id
from {{ ref('children_counted') }} as children
left join {{ ref('tree_dss') }} as tree on children.county = tree.county
where tree.region is null or tree.region <> children.region
