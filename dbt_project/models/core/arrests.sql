select
    arrest_key,
    incident_key,
    arrest_date,
    quarter_start,
    known_quarter_start,
    offence_group
from {{ ref('int_mshp__arrests') }}
where
    offence_group is not null
    and {{ is_on_record('quarter_start') }}
    and not is_counted_elsewhere
