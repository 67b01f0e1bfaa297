select
    {{ provenance() }},
    {{ text_or_null('segment_action_type') }} as action_type,
    {{ incident_key() }} as incident_key,
    {{ incident_key() }} || ':' || {{ text_or_null('arrestee_sequence_number') }} as arrest_key,
    {{ read_date('arrest_date', 'yyyymmdd') }} as arrest_date,
    {{ text_or_null('ucr_arrest_offense_code') }} as offence_code,
    {{ text_or_null('multiple_arrestee_segments_indicator') }} as multiple_arrests_code
from {{ source('mshp', 'arrestee') }}
