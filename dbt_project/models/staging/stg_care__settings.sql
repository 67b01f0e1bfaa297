select
    {{ provenance() }},
    {{ text_or_null('e4_child_record_number') }} as record_number,
    {{ read_date('e69_removal_date', 'yyyymmdd') }} as removal_date,
    {{ read_date('e112_date_living_arrangement', 'yyyymmdd') }} as start_date,
    {{ whole_number('e120_other_living_arrangement_type') }} as setting_code
from {{ source('care', 'living_arrangements') }}
