select
    {{ provenance() }},
    {{ read_quarter('quarter') }} as quarter_start,
    {{ text_or_null('measure') }} as measure,
    {{ text_or_null('relationship_group') }} as relationship_group,
    try_cast({{ text_or_null('count') }} as bigint) as delivered_count
from {{ source('hotline', 'counts') }}
