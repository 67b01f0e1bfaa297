select
    {{ provenance() }},
    {{ text_or_null('segment_action_type') }} as action_type,
    {{ incident_key() }} as incident_key,
    {{ incident_key() }} || ':' || {{ text_or_null('victim_sequence_number') }} as victim_key,
    {{ text_or_null('type_of_victim') }} as victim_type,
    {{ text_or_null('age_of_victim') }} as age_code,
    {% for slot in range(1, 11) %}
    {{ text_or_null('ucr_offense_code_connection_' ~ slot) }} as offence_code_{{ slot }},
    {{ text_or_null('offender_number_related_' ~ slot) }} as offender_number_{{ slot }},
    {{ text_or_null('relationship_of_victim_to_offender_' ~ slot) }} as relationship_code_{{ slot }},
    {% endfor %}
    {{ text_or_null('sex_of_victim') }} as sex_code
from {{ source('mshp', 'victim') }}
