{{ config(meta={'dagster': {'ref': {'name': 'child_events'}}}) }}

select victims.victim_key
from {{ source('linkage', 'dss_mshp_links') }} as links
inner join {{ ref('child_events') }} as victims
    on links.victim_key = victims.victim_key and links.quarter_start = victims.quarter_start
group by victims.victim_key
having count(*) > 1
