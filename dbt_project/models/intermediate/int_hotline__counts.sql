{{ config(materialized='table') }}

with versions as (
    select
        *,
        row_number() over (
            partition by quarter_start, measure, relationship_group
            order by delivered_position desc nulls last
        ) as version_order
    from ({{ delivered('stg_hotline__counts') }}) as delivered
    where
        quarter_start is not null
        and (
            (measure = 'cases' and relationship_group = 'all')
            or (measure = 'children' and relationship_group in ('family', 'known', 'stranger', 'unknown'))
        )
)

select
    quarter_start,
    measure,
    relationship_group,
    delivered_count,
    delivery_quarter_start
from versions
where version_order = 1
