{% set slots = range(1, 5) %}

with versions as (
    select
        *,
        row_number() over (
            partition by report_id, child_id
            order by delivered_position desc nulls last
        ) as version_order,
        min(delivery_quarter_start) over (partition by report_id, child_id) as first_delivery_quarter_start
    from ({{ delivered('stg_dss__child_reports') }}) as delivered
    where report_id is not null and child_id is not null
)

select
    report_id,
    child_id,
    afcars_id,
    delivery_quarter_start,
    delivery_sequence,
    first_delivery_quarter_start,
    report_date,
    incident_date,
    disposition_date,
    birth_date,
    reported_age_code,
    residence_county_number,
    report_county_number,
    {% for slot in slots %}
    maltreatment_type_{{ slot }},
    maltreatment_level_{{ slot }},
    {% endfor %}
    {% for perpetrator in range(1, 4) %}
    perpetrator_relationship_{{ perpetrator }},
    {% for slot in slots %}
    responsible_{{ perpetrator }}_{{ slot }},
    {% endfor %}
    {% endfor %}
    sex_code
from versions
where version_order = 1
