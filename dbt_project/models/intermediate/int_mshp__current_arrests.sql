with lines as (
    {{ delivered('stg_mshp__arrests') }}
),

first_deliveries as (
    select
        arrest_key,
        min(delivery_quarter_start) as first_delivery_quarter_start
    from lines
    where coalesce(action_type, '') <> 'D'
    group by arrest_key
),

versions as (
    select
        lines.*,
        first_deliveries.first_delivery_quarter_start,
        row_number() over (
            partition by lines.arrest_key
            order by lines.delivered_position desc nulls last
        ) as version_order
    from lines
    inner join first_deliveries on lines.arrest_key = first_deliveries.arrest_key
    left join {{ ref('int_mshp__incident_acts') }} as acts on lines.incident_key = acts.incident_key
    where acts.last_act_position is null or lines.delivered_position > acts.last_act_position
)

select
    arrest_key,
    incident_key,
    arrest_date,
    offence_code,
    multiple_arrests_code,
    delivery_quarter_start,
    first_delivery_quarter_start
from versions
where version_order = 1 and coalesce(action_type, '') <> 'D'
