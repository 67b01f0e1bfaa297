select
    {{ current_quarter() }} as quarter_start,
    {{ state_key() }} as state,
    try_cast(sum(hotline_count) as bigint) as case_count
from {{ ref('hotline_counts') }}
where
    measure = 'cases'
    and {{ is_counted_now('quarter_start') }}
    and {{ is_after_the_last_release('quarter_start') }}
group by measure
