{{ config(meta={'dagster': {'ref': {'name': 'report_lag_in_year'}}}) }}

-- Over all quarters; the bound of the time to a report rests on it.
select links.child_id
from {{ source('linkage', 'dss_mshp_links') }} as links
left join {{ ref('report_lag_in_year') }} as records on links.victim_key = records.unit_id
where links.has_place and links.child_id is not null and {{ stands('links.quarter_start') }}
group by links.child_id
having count(distinct links.victim_key) > {{ stated_bound('bound_links') }}
