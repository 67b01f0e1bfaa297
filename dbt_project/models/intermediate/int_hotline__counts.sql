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
            or (
                measure = 'children_by_age_band'
                and relationship_group in ('under_6', '6_to_11', '12_to_14', '15_to_17', 'unknown')
            )
            or (measure = 'children_by_sex' and relationship_group in ('female', 'male', 'unknown'))
            or (
                measure = 'children_by_exploitation'
                and relationship_group in ('sexual', 'labour', 'sexual_and_labour', 'other', 'unknown')
            )
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
