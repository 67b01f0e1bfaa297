with delivered as (
    {{ delivered('dss', 'tokens') }}
),

versions as (
    select
        *,
        row_number() over (
            partition by trim(record_key)
            order by delivered_position desc nulls last
        ) as version_order
    from delivered
)

select
    {{ text_or_null('record_key') }} as record_key,
    {{ text_or_null('token') }} as token,
    quarter_start as delivery_quarter_start
from versions
where
    version_order = 1
    and {{ text_or_null('record_key') }} is not null
    and {{ text_or_null('token') }} is not null
