{{ config(materialized='table') }}

with delivered_tokens as (
    select
        agency,
        record_key,
        delivery_quarter_start,
        delivered_position,
        contains(token, ':') as has_types,
        -- epoch of the key, exact, parts, nickname, sound, day_month, name_year, name, each part
        token as whole
    from ({{ delivered('stg_tokens') }}) as delivered
    where record_key is not null and token is not null
),

typed as (
    select
        *,
        case
            when not has_types then whole
            when {{ token_field(5) }} <> '' then {{ token_field(1) }} || ':sound:' || {{ token_field(5) }}
        end as token,
        case
            when has_types and {{ token_field(7) }} <> ''
                then {{ token_field(1) }} || ':name_year:' || {{ token_field(7) }}
        end as name_year_token,
        case when has_types then {{ token_field(1) }} || ':name:' || {{ token_field(8) }} end as name_token,
        case when has_types then {{ part_tokens(9) }} end as part_tokens
    from delivered_tokens
),

versions as (
    select
        *,
        row_number() over (
            partition by agency, record_key
            order by
                token is not null desc,
                has_types desc,
                delivery_quarter_start asc nulls last,
                delivered_position desc nulls last
        ) as version_order
    from typed
)

select
    agency,
    record_key,
    token,
    name_year_token,
    name_token,
    part_tokens,
    delivery_quarter_start
from versions
where version_order = 1
