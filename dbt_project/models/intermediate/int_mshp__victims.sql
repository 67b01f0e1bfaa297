{{ config(materialized='table') }}

with judged as (
    select
        victims.*,
        definitions.incident_definition,
        definitions.victim_definition,
        coalesce(victims.victim_type in ('I', 'L'), false) as is_individual,
        coalesce(relationships.relationship_group, 'unknown') as relationship_group
    from {{ ref('int_mshp__aged_victims') }} as victims
    left join {{ ref('int_mshp__definitions') }} as definitions on victims.victim_key = definitions.victim_key
    left join {{ ref('int_mshp__relationships') }} as relationships
        on victims.victim_key = relationships.victim_key
)

select
    victim_key,
    incident_key,
    incident_quarter_start as quarter_start,
    known_quarter_start,
    delivery_quarter_start,
    delivery_sequence,
    is_individual,
    lowest_age_years,
    highest_age_years,
    is_child,
    age_band,
    case sex_code when 'M' then 'male' when 'F' then 'female' else 'unknown' end as sex_group,
    incident_definition,
    victim_definition,
    coalesce(is_individual and is_child and incident_definition is not null, false) as is_trafficking_event,
    relationship_group
from judged
