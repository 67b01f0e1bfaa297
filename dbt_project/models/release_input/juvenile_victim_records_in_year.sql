-- depends_on: {{ ref('county') }} {{ ref('definition') }}
select
    {{ current_quarter() }} as quarter_start,
    victim_key as unit_id,
    county,
    victim_definition as definition
from {{ ref('child_events') }}
where
    agency = 'mshp'
    and quarter_start between {{ current_year() }} and {{ current_quarter() }}
    and {{ closes_a_year() }}
    and {{ is_counted_in_no_other_quarter('victim_key') }}
