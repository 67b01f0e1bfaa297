with segments as (
    {{ incident_segments('offense', 'ucr_offense_code') }}
)

select
    incident_key,
    {{ text_or_null('ucr_offense_code') }} as offence_code,
    {{ text_or_null('ucr_offense_code') }} in ('64A', '64B') as is_strict,
    {{ text_or_null('ucr_offense_code') }} in ('64A', '64B', '40A', '40B', '40C', '370') as is_broad
from segments
where {{ text_or_null('ucr_offense_code') }} is not null
