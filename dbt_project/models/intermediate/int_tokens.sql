{{ config(materialized='table') }}

with versions as (
    select
        *,
        row_number() over (
            partition by agency, record_key
            order by delivery_quarter_start asc nulls last, delivered_position desc nulls last
        ) as version_order
    from ({{ delivered('stg_tokens') }}) as delivered
    where record_key is not null and token is not null
)

select
    agency,
    record_key,
    token,
    delivery_quarter_start
from versions
where version_order = 1
