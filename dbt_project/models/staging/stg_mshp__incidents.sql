with delivered as (
    {{ delivered('mshp', 'administrative') }}
),

keyed as (
    select
        *,
        {{ incident_key() }} as incident_key
    from delivered
    where coalesce(segment_action_type, '') <> 'W'
),

versions as (
    select
        *,
        row_number() over (
            partition by incident_key
            order by delivered_position desc nulls last
        ) as version_order,
        min(quarter_start) over (partition by incident_key) as first_delivery_quarter_start
    from keyed
    where incident_key is not null
),

current_version as (
    select
        incident_key,
        {{ text_or_null('ori') }} as ori,
        {{ text_or_null('incident_number') }} as incident_number,
        {{ read_date('incident_date', 'yyyymmdd') }} as incident_date,
        quarter_start as delivery_quarter_start,
        first_delivery_quarter_start,
        delivery_sequence,
        delivery_rank,
        delivered_position
    from versions
    where version_order = 1 and coalesce(segment_action_type, '') <> 'D'
)

select
    incidents.incident_key,
    incidents.ori,
    incidents.incident_number,
    incidents.incident_date,
    {{ quarter_of('incidents.incident_date') }} as quarter_start,
    {{ known_quarter(quarter_of('incidents.incident_date'), 'incidents.first_delivery_quarter_start') }}
        as known_quarter_start,
    counties.fips as county_fips,
    counties.circuit,
    {% for column, place in (('name', 'county'), ('dss_region', 'region'), ('troop', 'troop')) %}
    case
        when substr(incidents.ori, 1, 2) <> 'MO' then 'Outside Missouri'
        else coalesce(counties.{{ column }}, 'Unknown')
    end as {{ place }},
    {% endfor %}
    incidents.delivery_quarter_start,
    incidents.delivery_sequence,
    incidents.delivery_rank,
    incidents.delivered_position
from current_version as incidents
left join {{ ref('missouri_counties') }} as counties
    on {{ county_on('counties', fips_of_ori('incidents.ori'), 'incidents.incident_date') }}
