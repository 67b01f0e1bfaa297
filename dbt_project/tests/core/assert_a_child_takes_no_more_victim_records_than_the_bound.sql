-- Counted per quarter of the police incident, as links are made.
select
    child_id,
    quarter_start
from {{ ref('child_events') }}
where agency = 'mshp' and child_id is not null
group by child_id, quarter_start
having count(*) > {{ var('bound_links') }}
