select
    child_id,
    min(known_quarter_start) as first_quarter_start
from {{ ref('child_events') }}
where agency = 'dss'
group by child_id
