-- depends_on: {{ ref('state') }}
select
    quarter_start,
    'Missouri' as state,
    hotline_count as case_count
from {{ ref('hotline_counts') }}
where measure = 'cases' and quarter_start = {{ current_quarter() }}
