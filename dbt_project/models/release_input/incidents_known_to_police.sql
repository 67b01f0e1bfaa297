-- depends_on: {{ ref('troop') }} {{ ref('definition') }}
select distinct
    {{ current_quarter() }} as quarter_start,
    incident_key as unit_id,
    troop,
    incident_definition as definition
from {{ ref('child_events') }}
where
    agency = 'mshp'
    and incident_known_quarter_start = {{ current_quarter() }}
    and {{ is_counted_in_no_other_quarter('incident_key') }}
