with submissions as (
    {{ delivered('mshp', 'administrative') }}
),

deletions as (
    select
        {{ incident_key() }} as incident_key,
        max(delivered_position) as delivered_position
    from submissions
    where segment_action_type = 'D'
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

standing as (
    select keyed.*
    from keyed
    left join deletions on keyed.incident_key = deletions.incident_key
    left join {{ ref('stg_mshp__incidents') }} as incidents
        on keyed.incident_key = incidents.incident_key
    where
        keyed.arrest_key is not null
        and (deletions.delivered_position is null or keyed.delivered_position > deletions.delivered_position)
        and (
            keyed.action_type in ('A', 'D', 'W')
            or incidents.delivered_position is null
            or keyed.delivered_position > incidents.delivered_position
        )
),

versions as (
    select
        *,
        row_number() over (
            partition by arrest_key
            order by delivered_position desc nulls last
        ) as version_order,
        min(quarter_start) over (partition by arrest_key) as first_delivery_quarter_start
    from standing
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
