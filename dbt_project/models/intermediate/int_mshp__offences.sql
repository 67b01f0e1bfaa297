{{ config(materialized='table') }}

with segments as (
    {{ incident_segments('stg_mshp__offences', 'offence_code') }}
)

select
    segments.incident_key,
    segments.offence_code,
    offences.definition
from segments
left join {{ ref('trafficking_offences') }} as offences
    on offences.source = 'nibrs' and segments.offence_code = offences.code
