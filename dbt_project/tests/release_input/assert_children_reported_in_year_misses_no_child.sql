-- depends_on: {{ ref('children_by_agency_in_year') }}
{{ config(meta={'dagster': {'ref': {'name': 'children_reported_in_year'}}}) }}

select child_id
from {{ ref('children') }}
where
    {{ lies_in_closing_year('first_quarter_start') }}
    and child_id not in (
        select counted.unit_id from {{ ref('children_counted') }} as counted
        where {{ stands('counted.quarter_start') }}
    )
