with submissions as (
    {{ delivered('mshp', 'administrative') }}
),

latest_acts as (
    select
        {{ incident_key() }} as incident_key,
        max(delivered_position) as delivered_position
    from submissions
    where coalesce(segment_action_type, '') not in ('M', 'W')
    group by {{ incident_key() }}
),

delivered as (
    {{ delivered('mshp', 'arrestee') }}
),

keyed as (
    select
        *,
        {{ incident_key() }} as incident_key,
        {{ incident_key() }} || ':' || {{ text_or_null('arrestee_sequence_number') }} as arrest_key,
        coalesce(segment_action_type, '') as action_type
    from delivered
),

first_deliveries as (
    select
        arrest_key,
        min(quarter_start) as first_delivery_quarter_start
    from keyed
    where action_type <> 'D'
    group by arrest_key
),

versions as (
    select
        keyed.*,
        first_deliveries.first_delivery_quarter_start,
        row_number() over (
            partition by keyed.arrest_key
            order by keyed.delivered_position desc nulls last
        ) as version_order
    from keyed
    inner join first_deliveries on keyed.arrest_key = first_deliveries.arrest_key
    left join latest_acts on keyed.incident_key = latest_acts.incident_key
    where latest_acts.delivered_position is null or keyed.delivered_position > latest_acts.delivered_position
),

interpreted as (
    select
        arrest_key,
        incident_key,
        {{ read_date('arrest_date', 'yyyymmdd') }} as arrest_date,
        {{ text_or_null('ucr_arrest_offense_code') }} as offence_code,
        coalesce({{ text_or_null('multiple_arrestee_segments_indicator') }} = 'M', false)
            as is_counted_elsewhere,
        quarter_start as delivery_quarter_start,
        first_delivery_quarter_start
    from versions
    where version_order = 1 and action_type <> 'D'
)

select
    arrest_key,
    incident_key,
    arrest_date,
    {{ quarter_of('arrest_date') }} as quarter_start,
    {{ known_quarter(quarter_of('arrest_date'), 'first_delivery_quarter_start') }} as known_quarter_start,
    offence_code,
    case offence_code when '64A' then 'commercial_sex_acts' when '64B' then 'involuntary_servitude' end
        as offence_group,
    is_counted_elsewhere,
    delivery_quarter_start
from interpreted
