-- depends_on: {{ ref('county') }} {{ ref('definition') }} {{ ref('relationship_group') }}
select
    {{ current_quarter() }} as quarter_start,
    victim_key as unit_id,
    county,
    victim_definition as definition,
    relationship_group
from {{ ref('child_events') }}
where
    agency = 'mshp'
    and {{ closes_a_year() }}
    and {{ is_counted_now('known_quarter_start') }}
    and {{ is_counted_in_no_other_quarter('victim_key') }}
