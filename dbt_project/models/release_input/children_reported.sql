-- depends_on: {{ ref('region') }}
select
    quarter_start,
    unit_id,
    region
from {{ ref('children_counted') }}
where quarter_start = {{ current_quarter() }}
