select
    {{ provenance() }},
    {{ text_or_null('segment_action_type') }} as action_type,
    {{ incident_key() }} as incident_key,
    {{ text_or_null('ucr_offense_code') }} as offence_code
from {{ source('mshp', 'offense') }}
