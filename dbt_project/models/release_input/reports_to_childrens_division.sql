select distinct
    quarter_start,
    report_id as unit_id,
    {{ state_key() }} as state
from {{ ref('report_choices') }}
where quarter_start = {{ current_quarter() }}
