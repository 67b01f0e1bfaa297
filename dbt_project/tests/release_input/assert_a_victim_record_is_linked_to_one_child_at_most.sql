{{ config(meta={'dagster': {'ref': {'name': 'report_lag_in_year'}}}) }}

select links.victim_key
from {{ source('linkage', 'dss_mshp_links') }} as links
left join {{ ref('report_lag_in_year') }} as records on links.victim_key = records.unit_id
where links.child_id is not null and {{ stands('links.quarter_start') }}
group by links.victim_key
having count(*) > 1 or max(links.child_id) <> min(links.child_id)
