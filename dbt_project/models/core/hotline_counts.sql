with delivered_quarters as (
    select distinct delivery_quarter_start as quarter_start
    from {{ ref('int_deliveries') }}
    where agency = 'hotline' and is_current and {{ is_on_record('delivery_quarter_start') }}
),

cells as (
    select
        'cases' as measure,
        'all' as relationship_group
    union all
    select
        'children' as measure,
        key as relationship_group
    from {{ ref('relationship_group') }}
)

select
    delivered_quarters.quarter_start,
    cells.measure,
    cells.relationship_group,
    case when counts.measure is null then 0 else counts.delivered_count end as hotline_count
from delivered_quarters
cross join cells
left join {{ ref('int_hotline__counts') }} as counts
    on
        delivered_quarters.quarter_start = counts.quarter_start
        and cells.measure = counts.measure
        and cells.relationship_group = counts.relationship_group
