with incidents as (
    select
        incident_key,
        case when max(case when definition = 'strict' then 1 else 0 end) = 1 then 'strict' else 'broad_only' end
            as incident_definition
    from {{ ref('int_mshp__offences') }}
    where definition is not null
    group by incident_key
),

connected as (
    {% for slot in range(1, 11) %}
    select
        victim_key,
        offence_code_{{ slot }} as offence_code
    from {{ ref('int_mshp__current_victims') }}
    where offence_code_{{ slot }} is not null
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

strict_victims as (
    select distinct connected.victim_key
    from connected
    inner join {{ ref('trafficking_offences') }} as offences
        on offences.source = 'nibrs' and connected.offence_code = offences.code
    where offences.definition = 'strict'
)

select
    victims.victim_key,
    incidents.incident_definition,
    case when strict_victims.victim_key is null then 'broad_only' else 'strict' end as victim_definition
from {{ ref('int_mshp__current_victims') }} as victims
inner join incidents on victims.incident_key = incidents.incident_key
left join strict_victims on victims.victim_key = strict_victims.victim_key
