-- depends_on: {{ ref('relationship_group') }}
select
    quarter_start,
    relationship_group,
    hotline_count as child_count
from {{ ref('hotline_counts') }}
where measure = 'children' and quarter_start = {{ current_quarter() }}
