-- depends_on: {{ ref('definition') }} {{ ref('troop') }}
select distinct
    quarter_start,
    incident_key as unit_id,
    incident_definition as definition,
    troop
from {{ ref('child_events') }}
where agency = 'mshp' and quarter_start = {{ current_quarter() }}
