-- depends_on: {{ ref('relationship_group') }}
select
    {{ current_quarter() }} as quarter_start,
    {{ state_key() }} as state,
    relationship_group,
    try_cast(sum(hotline_count) as bigint) as child_count
from {{ ref('hotline_counts') }}
where
    measure = 'children'
    and {{ is_counted_now('quarter_start') }}
    and {{ is_after_the_last_release('quarter_start') }}
group by relationship_group
