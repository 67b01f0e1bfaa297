{% set slots = range(1, 5) %}

select
    {{ provenance() }},
    {{ text_or_null('rptid') }} as report_id,
    {{ text_or_null('chid') }} as child_id,
    {{ text_or_null('afcarsid') }} as afcars_id,
    {{ read_date('rptdt', 'mmddyyyy') }} as report_date,
    {{ read_date('inciddt', 'mmddyyyy') }} as incident_date,
    {{ read_date('rptdisdt', 'mmddyyyy') }} as disposition_date,
    {{ read_date('chbdate', 'mmddyyyy') }} as birth_date,
    {{ whole_number('chage') }} as reported_age_code,
    {{ text_or_null('chsex') }} as sex_code,
    {{ whole_number('chcnty') }} as residence_county_number,
    {% for slot in slots %}
    {{ whole_number('chmal' ~ slot) }} as maltreatment_type_{{ slot }},
    {{ whole_number('mal' ~ slot ~ 'lev') }} as maltreatment_level_{{ slot }},
    {% endfor %}
    {% for perpetrator in range(1, 4) %}
    {{ whole_number('per' ~ perpetrator ~ 'rel') }} as perpetrator_relationship_{{ perpetrator }},
    {% for slot in slots %}
    {{ whole_number('per' ~ perpetrator ~ 'mal' ~ slot) }} as responsible_{{ perpetrator }}_{{ slot }},
    {% endfor %}
    {% endfor %}
    {{ whole_number('rptcnty') }} as report_county_number
from {{ source('dss', 'child_file') }}
