{{ config(meta={'dagster': {'ref': {'name': 'tree_dss'}}}) }}

-- Both trees hold what missouri_counties says of the open periods, and two leaves that are no county.
with counties as (
    select
        name as county,
        try_cast(circuit as varchar) as circuit,
        dss_region as region,
        troop
    from {{ ref('missouri_counties') }}
    where valid_to = date '9999-12-31'
    {% for elsewhere in (outside_state_key(), "'Unknown'") %}
    union all
    select
        {{ elsewhere }} as county,
        {{ elsewhere }} as circuit,
        {{ elsewhere }} as region,
        {{ elsewhere }} as troop
    {% endfor %}
)

select coalesce(counties.county, tree_dss.county, tree_police.county) as county
from counties
full outer join {{ ref('tree_dss') }} as tree_dss on counties.county = tree_dss.county
full outer join {{ ref('tree_police') }} as tree_police
    on coalesce(counties.county, tree_dss.county) = tree_police.county
where
    coalesce(counties.circuit <> tree_dss.circuit, true)
    or coalesce(counties.region <> tree_dss.region, true)
    or coalesce(counties.troop <> tree_police.troop, true)
