-- depends_on: {{ ref('definition') }} {{ ref('troop') }} {{ ref('relationship_group') }}
select
    quarter_start,
    victim_key as unit_id,
    victim_definition as definition,
    troop,
    relationship_group
from {{ ref('child_events') }}
where agency = 'mshp' and quarter_start = {{ current_quarter() }}
