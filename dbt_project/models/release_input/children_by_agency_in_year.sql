-- depends_on: {{ ref('agency_pattern') }}
select
    {{ current_quarter() }} as quarter_start,
    unit_id,
    {{ state_key() }} as state,
    agency_pattern
from {{ source('linkage', 'children_of_year') }}
where quarter_start = {{ current_quarter() }}
