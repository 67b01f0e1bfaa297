{% for agency in ('dss', 'mshp') %}
select
    {{ provenance() }},
    {{ text_or_null('record_key') }} as record_key,
    nullif(token, '') as token -- long, and what is taken in has no blank in it
from {{ source(agency, 'tokens') }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
