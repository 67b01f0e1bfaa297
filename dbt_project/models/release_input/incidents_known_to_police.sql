-- depends_on: {{ ref('troop') }} {{ ref('definition') }}
select distinct
    {{ current_quarter() }} as quarter_start,
    incident_key as unit_id,
    troop,
    incident_definition as definition
from {{ ref('child_events') }}
where
    agency = 'mshp'
    and {{ is_counted_now('incident_known_quarter_start') }}
    and {{ is_counted_in_no_other_quarter('incident_key') }}
