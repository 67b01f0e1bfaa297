{% for agency in ('dss', 'mshp') %}
select
    {{ provenance() }},
    {{ text_or_null('record_key') }} as record_key,
    {{ text_or_null('token') }} as token
from {{ source(agency, 'tokens') }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
