{{ config(meta={'dagster': {'ref': {'name': 'children_by_agency_in_year'}}}) }}

with expected as (
    select unit_id
    from {{ ref('children_reported_in_year') }}
    where quarter_start = {{ current_quarter() }}
),

given as (
    select unit_id
    from {{ ref('children_by_agency_in_year') }}
    where agency_pattern in ('dss_only', 'both') and quarter_start = {{ current_quarter() }}
)

select coalesce(expected.unit_id, given.unit_id) as unit_id
from expected
full outer join given on expected.unit_id = given.unit_id
where expected.unit_id is null or given.unit_id is null
