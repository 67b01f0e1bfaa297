-- depends_on: {{ ref('state') }} {{ ref('relationship_group') }}
select
    quarter_start,
    'Missouri' as state,
    relationship_group,
    hotline_count as child_count
from {{ ref('hotline_counts') }}
where measure = 'children' and quarter_start = {{ current_quarter() }}
