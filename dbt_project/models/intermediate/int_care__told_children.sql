-- The newest telling is that of the newest half-year, and within it of the last delivery; never the last to arrive.
with ranked as (
    select
        *,
        row_number() over (
            partition by record_number
            order by
                delivery_quarter_start desc nulls last,
                delivery_sequence desc nulls last,
                line_number desc nulls last
        ) as telling_order,
        min(delivery_quarter_start) over (partition by record_number) as first_delivery_quarter_start
    from ({{ delivered('stg_care__children') }}) as delivered
    where record_number is not null
),

judged as (
    select
        *,
        min(case when is_whole then telling_order end) over (partition by record_number) as newest_whole_order
    from ranked
)

select
    record_number,
    delivery_quarter_start,
    delivery_sequence,
    birth_date,
    case sex_code when 1 then 'male' when 2 then 'female' else 'unknown' end as sex_group,
    case trafficked_before_code when 1 then true when 0 then false end as was_trafficked_before_care,
    case trafficked_in_care_code when 1 then true when 0 then false end as was_trafficked_in_care,
    telling_order,
    first_delivery_quarter_start,
    -- a telling that is whole retells everything; behind one that is not, what it lacks stands as it was
    telling_order <= coalesce(newest_whole_order, telling_order) as has_standing_parts
from judged
