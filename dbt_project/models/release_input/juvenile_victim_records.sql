-- depends_on: {{ ref('troop') }} {{ ref('definition') }} {{ ref('relationship_group') }}
select
    quarter_start,
    victim_key as unit_id,
    troop,
    victim_definition as definition,
    relationship_group
from {{ ref('child_events') }}
where
    agency = 'mshp'
    and quarter_start = {{ current_quarter() }}
    and {{ is_counted_in_no_other_quarter('victim_key') }}
