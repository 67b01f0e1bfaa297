with accepted as (
    {% for agency in ('dss', 'mshp', 'hotline') %}
    select
        agency,
        quarter_start,
        delivery_sequence,
        delivery_kind,
        contract,
        as_of,
        received_at,
        simulated
    from {{ source(agency, 'deliveries') }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

ranked as (
    select
        *,
        row_number() over (
            partition by agency
            order by received_at nulls first, quarter_start nulls first, delivery_sequence nulls first
        ) as delivery_rank,
        max(case when delivery_kind in ('full', 'nil') then delivery_sequence end) over (
            partition by agency, quarter_start
        ) as replacing_sequence
    from accepted
)

select
    agency,
    quarter_start as delivery_quarter_start,
    delivery_sequence,
    delivery_kind,
    contract,
    as_of as as_of_date,
    received_at,
    simulated as is_simulated,
    delivery_rank,
    delivery_sequence >= coalesce(replacing_sequence, 0) as is_current
from ranked
