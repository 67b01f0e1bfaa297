select
    {{ provenance() }},
    {{ text_or_null('e4_child_record_number') }} as record_number,
    {{ read_date('e69_removal_date', 'yyyymmdd') }} as removal_date,
    {{ read_date('e153_exit_date', 'yyyymmdd') }} as exit_date,
    false as is_former,
    {{ text_or_null('e3_local_agency') }} as county_code,
    {{ whole_number('e72_runaway') }} as ran_away_code,
    {{ whole_number('e73_whereabouts_unknown') }} as missing_code,
    {{ whole_number('e99_sex_trafficking') }} as trafficking_code,
    {{ whole_number('e155_exit_reason') }} as exit_reason_code
from {{ source('care', 'removals') }}
union all
select
    {{ provenance() }},
    {{ text_or_null('e4_child_record_number') }} as record_number,
    {{ read_date('e69_removal_date', 'yyyymmdd') }} as removal_date,
    {{ read_date('e153_exit_date', 'yyyymmdd') }} as exit_date,
    true as is_former,
    try_cast(null as string) as county_code,
    try_cast(null as integer) as ran_away_code,
    try_cast(null as integer) as missing_code,
    try_cast(null as integer) as trafficking_code,
    try_cast(null as integer) as exit_reason_code
from {{ source('care', 'former_removals') }}
