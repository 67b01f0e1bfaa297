{{ config(materialized='table') }}

with delivered_tokens as (
    select
        agency,
        record_key,
        delivery_quarter_start,
        delivered_position,
        contains(token, ':') as has_types,
        -- epoch of the key, exact, parts, nickname, sound, day_month
        case
            when contains(token, ':') then split_part(token, ':', 1) || ':sound:' || split_part(token, ':', 5)
            else token
        end as token
    from ({{ delivered('stg_tokens') }}) as delivered
    where record_key is not null and token is not null
),

versions as (
    select
        *,
        row_number() over (
            partition by agency, record_key
            order by has_types desc, delivery_quarter_start asc nulls last, delivered_position desc nulls last
        ) as version_order
    from delivered_tokens
)

select
    agency,
    record_key,
    token,
    delivery_quarter_start
from versions
where version_order = 1
