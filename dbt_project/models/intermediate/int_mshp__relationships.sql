with related_offenders as (
    {% for slot in range(1, 11) %}
    select
        victim_key,
        relationship_code_{{ slot }} as relationship_code
    from {{ ref('int_mshp__current_victims') }}
    where relationship_code_{{ slot }} is not null and coalesce(offender_number_{{ slot }}, '') <> '00'
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    related_offenders.victim_key,
    {{ closest_relationship('codes.relationship_group') }} as relationship_group
from related_offenders
inner join {{ ref('nibrs_relationships') }} as codes
    on related_offenders.relationship_code = codes.relationship_code
group by related_offenders.victim_key
