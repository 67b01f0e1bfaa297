with delivered as (
    {{ delivered('hotline', 'counts') }}
),

interpreted as (
    select
        {{ read_quarter('quarter') }} as quarter_start,
        {{ text_or_null('measure') }} as measure,
        {{ text_or_null('relationship_group') }} as relationship_group,
        try_cast({{ text_or_null('count') }} as bigint) as delivered_count,
        quarter_start as delivery_quarter_start,
        delivered_position
    from delivered
),

versions as (
    select
        *,
        row_number() over (
            partition by quarter_start, measure, relationship_group
            order by delivered_position desc nulls last
        ) as version_order
    from interpreted
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
