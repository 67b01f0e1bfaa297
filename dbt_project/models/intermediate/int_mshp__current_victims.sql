with segments as (
    {{ incident_segments('stg_mshp__victims', 'victim_key') }}
),

first_deliveries as (
    select
        victim_key,
        min(delivery_quarter_start) as first_delivery_quarter_start
    from ({{ delivered('stg_mshp__victims') }}) as delivered
    where coalesce(action_type, '') not in ('D', 'W')
    group by victim_key
)

select
    segments.victim_key,
    segments.incident_key,
    segments.incident_quarter_start,
    {{ known_quarter('segments.incident_quarter_start', 'first_deliveries.first_delivery_quarter_start') }}
        as known_quarter_start,
    segments.delivery_quarter_start,
    segments.delivery_sequence,
    segments.victim_type,
    segments.age_code,
    {% for slot in range(1, 11) %}
    segments.offence_code_{{ slot }},
    segments.offender_number_{{ slot }},
    segments.relationship_code_{{ slot }},
    {% endfor %}
    segments.sex_code
from segments
left join first_deliveries on segments.victim_key = first_deliveries.victim_key
