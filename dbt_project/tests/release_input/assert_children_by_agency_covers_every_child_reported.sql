{{ config(meta={'dagster': {'ref': {'name': 'children_by_agency'}}}) }}

select coalesce(children.unit_id, by_agency.unit_id) as unit_id
from (
    select unit_id
    from {{ ref('children_reported') }}
    where quarter_start = {{ current_quarter() }}
) as children
full outer join (
    select unit_id
    from {{ ref('children_by_agency') }}
    where agency_pattern in ('dss_only', 'both') and quarter_start = {{ current_quarter() }}
) as by_agency
    on children.unit_id = by_agency.unit_id
where children.unit_id is null or by_agency.unit_id is null
