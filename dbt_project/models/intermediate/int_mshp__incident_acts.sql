with acts as (
    select
        incident_key,
        delivered_position,
        case when coalesce(action_type, '') <> 'D' then delivered_position end as report_position,
        case when coalesce(action_type, '') <> 'D' then delivery_quarter_start end as report_quarter_start
    from ({{ delivered('stg_mshp__incidents') }}) as delivered
    where incident_key is not null and coalesce(action_type, '') not in ('M', 'W')
)

select
    incident_key,
    max(delivered_position) as last_act_position,
    coalesce(max(report_position) = max(delivered_position), false) as is_standing,
    min(report_quarter_start) as first_delivery_quarter_start
from acts
group by incident_key
