{{ config(materialized='table') }}

with versions as (
    select
        lines.*,
        acts.last_act_position,
        acts.first_delivery_quarter_start,
        {{ quarter_of('lines.incident_date') }} as quarter_start,
        row_number() over (
            partition by lines.incident_key
            order by
                case when lines.incident_date is null then 1 else 0 end,
                lines.delivered_position desc nulls last
        ) as version_order
    from ({{ delivered('stg_mshp__incidents') }}) as lines
    inner join {{ ref('int_mshp__incident_acts') }} as acts
        on lines.incident_key = acts.incident_key and lines.delivered_position >= acts.last_act_position
    where acts.is_standing and coalesce(lines.action_type, '') <> 'W'
)

select
    incidents.incident_key,
    incidents.ori,
    incidents.incident_number,
    incidents.incident_date,
    incidents.quarter_start,
    {{ known_quarter('incidents.quarter_start', 'incidents.first_delivery_quarter_start') }}
        as known_quarter_start,
    counties.fips as county_fips,
    counties.circuit,
    {{ public_places(is_ori_elsewhere('incidents.ori'), 'counties') }},
    incidents.delivery_quarter_start,
    incidents.delivery_sequence,
    incidents.delivery_rank,
    incidents.last_act_position as delivered_position
from versions as incidents
left join {{ ref('ori_county') }} as ori_counties
    on {{ ori_lies_in('ori_counties', 'incidents.ori') }}
left join {{ ref('counties') }} as counties
    on {{ county_on('counties', 'ori_counties.fips', 'incidents.incident_date') }}
where incidents.version_order = 1
