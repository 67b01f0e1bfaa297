{{ config(materialized='table') }}

with arrests as (
    select
        *,
        {{ quarter_of('arrest_date') }} as quarter_start
    from {{ ref('int_mshp__current_arrests') }}
)

select
    arrests.arrest_key,
    arrests.incident_key,
    arrests.arrest_date,
    arrests.quarter_start,
    {{ known_quarter('arrests.quarter_start', 'arrests.first_delivery_quarter_start') }} as known_quarter_start,
    arrests.offence_code,
    offences.offence_group,
    coalesce(arrests.multiple_arrests_code = 'M', false) as is_counted_elsewhere,
    arrests.delivery_quarter_start
from arrests
left join {{ ref('trafficking_offences') }} as offences
    on offences.source = 'nibrs' and arrests.offence_code = offences.code
