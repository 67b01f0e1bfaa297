with delivered as (
    {{ delivered('mshp', 'administrative') }}
),

keyed as (
    select
        *,
        {{ incident_key() }} as incident_key,
        {{ read_date('incident_date', 'yyyymmdd') }} as read_incident_date,
        case coalesce(segment_action_type, '')
            when 'D' then 'deletion'
            when 'M' then 'change'
            else 'report'
        end as act
    from delivered
    where coalesce(segment_action_type, '') <> 'W'
),

history as (
    select
        *,
        max(case when act = 'report' then delivered_position end) over (
            partition by incident_key
        ) as report_position,
        max(case when act = 'deletion' then delivered_position end) over (
            partition by incident_key
        ) as deletion_position,
        min(case when act = 'report' then quarter_start end) over (
            partition by incident_key
        ) as first_delivery_quarter_start
    from keyed
    where incident_key is not null
),

standing as (
    select
        *,
        row_number() over (
            partition by incident_key
            order by case when read_incident_date is null then 1 else 0 end, delivered_position desc nulls last
        ) as version_order
    from history
    where
        delivered_position >= report_position
        and (deletion_position is null or deletion_position < report_position)
),

current_version as (
    select
        incident_key,
        {{ text_or_null('ori') }} as ori,
        {{ text_or_null('incident_number') }} as incident_number,
        read_incident_date as incident_date,
        quarter_start as delivery_quarter_start,
        first_delivery_quarter_start,
        delivery_sequence,
        delivery_rank,
        report_position as delivered_position
    from standing
    where version_order = 1
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
    {% for place in ('county', 'region', 'troop') %}
    case
        when substr(incidents.ori, 1, 2) <> 'MO' then 'Outside Missouri'
        else coalesce(counties.{{ place }}, 'Unknown')
    end as {{ place }},
    {% endfor %}
    incidents.delivery_quarter_start,
    incidents.delivery_sequence,
    incidents.delivery_rank,
    incidents.delivered_position
from current_version as incidents
left join {{ ref('counties') }} as counties
    on {{ county_on('counties', fips_of_ori('incidents.ori'), 'incidents.incident_date') }}
