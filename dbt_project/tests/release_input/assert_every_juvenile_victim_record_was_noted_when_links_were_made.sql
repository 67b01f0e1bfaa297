{{ config(meta={'dagster': {'ref': {'name': 'juvenile_victim_records_in_year'}}}) }}

with links as (
    {{ links_by_the_end_of_the_quarter() }}
)

select records.unit_id
from {{ ref('juvenile_victim_records_in_year') }} as records
left join links on records.unit_id = links.victim_key
where records.quarter_start = {{ current_quarter() }} and links.victim_key is null
