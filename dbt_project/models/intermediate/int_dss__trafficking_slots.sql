{% set slots = range(1, 5) %}
{% set perpetrators = range(1, 4) %}

with slots as (
    {% for slot in slots %}
    select
        report_id,
        child_id,
        {% for perpetrator in perpetrators %}
        case
            when responsible_{{ perpetrator }}_{{ slot }} = 1
                then perpetrator_relationship_{{ perpetrator }}
        end as relationship_code_{{ perpetrator }},
        {% endfor %}
        maltreatment_level_{{ slot }} as level_code,
        maltreatment_type_{{ slot }} as maltreatment_type
    from {{ ref('int_dss__current_reports') }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    slots.report_id,
    slots.child_id,
    {% for perpetrator in perpetrators %}
    slots.relationship_code_{{ perpetrator }},
    {% endfor %}
    slots.level_code
from slots
inner join {{ ref('trafficking_offences') }} as offences
    on offences.source = 'ncands' and try_cast(slots.maltreatment_type as string) = offences.code
