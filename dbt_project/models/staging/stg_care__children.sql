select
    {{ provenance() }},
    {{ text_or_null('e4_child_record_number') }} as record_number,
    {{ read_date('e5_date_of_birth', 'yyyymmdd') }} as birth_date,
    {{ whole_number('e6_sex') }} as sex_code,
    {{ whole_number('e106_prior_victim_sex_trafficking') }} as trafficked_before_code,
    {{ whole_number('e109_victim_sex_trafficking') }} as trafficked_in_care_code,
    is_whole = 'yes' as is_whole
from {{ source('care', 'children') }}
