{{ config(meta={'dagster': {'ref': {'name': 'child_events'}}}) }}

select links.victim_key
from {{ source('linkage', 'dss_mshp_links') }} as links
inner join {{ ref('child_events') }} as victims on links.victim_key = victims.victim_key
where links.child_id is not null
group by links.victim_key
having count(*) > 1
