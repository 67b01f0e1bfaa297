{{ config(meta={'dagster': {'ref': {'name': 'children_reported_in_year'}}}) }}

select quarter_start
from {{ ref('children_reported_in_year') }}
where extract(month from quarter_start) <> 10
union all
select quarter_start
from {{ ref('juvenile_victim_records_in_year') }}
where extract(month from quarter_start) <> 10
