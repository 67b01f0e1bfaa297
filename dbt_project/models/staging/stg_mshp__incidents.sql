select
    {{ provenance() }},
    {{ text_or_null('segment_action_type') }} as action_type,
    {{ incident_key() }} as incident_key,
    {{ text_or_null('ori') }} as ori,
    {{ text_or_null('incident_number') }} as incident_number,
    {{ read_date('incident_date', 'yyyymmdd') }} as incident_date
from {{ source('mshp', 'administrative') }}
