with perpetrators as (
    {% for perpetrator in range(1, 4) %}
    select
        report_id,
        child_id,
        relationship_code_{{ perpetrator }} as relationship_code
    from {{ ref('int_dss__trafficking_slots') }}
    where relationship_code_{{ perpetrator }} is not null
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    perpetrators.report_id,
    perpetrators.child_id,
    {{ closest_relationship('codes.relationship_group') }} as relationship_group
from perpetrators
inner join {{ ref('ncands_relationships') }} as codes
    on perpetrators.relationship_code = codes.relationship_code
group by perpetrators.report_id, perpetrators.child_id
