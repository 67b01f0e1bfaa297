{% set reports = [
    ('reports_before_care', 'e107_prior_victim_sex_trafficking_reported', 'e108_prior_victim_sex_trafficking_reported_date'),
    ('reports_in_care', 'e110_victim_sex_trafficking_reported', 'e111_victim_sex_trafficking_reported_date'),
] %}

{% for table, answer, day in reports %}
select
    {{ provenance() }},
    {{ text_or_null('e4_child_record_number') }} as record_number,
    {{ table == 'reports_in_care' }} as is_in_care,
    {{ whole_number(answer) }} as reported_code,
    {{ read_date(day, 'yyyymmdd') }} as report_date
from {{ source('care', table) }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
