{{ config(materialized='table') }}

with ranked as (
    select
        *,
        row_number() over (
            partition by agency
            order by
                received_at nulls first,
                delivery_quarter_start nulls first,
                delivery_sequence nulls first
        ) as delivery_rank,
        max(case when delivery_kind in ('full', 'nil') then delivery_sequence end) over (
            partition by agency, delivery_quarter_start
        ) as replacing_sequence
    from {{ ref('stg_deliveries') }}
)

select
    agency,
    delivery_quarter_start,
    delivery_sequence,
    delivery_kind,
    contract,
    as_of_date,
    received_at,
    is_simulated,
    delivery_rank,
    delivery_sequence >= coalesce(replacing_sequence, 0) as is_current
from ranked
