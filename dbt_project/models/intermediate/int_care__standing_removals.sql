with versions as (
    select
        removals.*,
        children.telling_order,
        children.has_standing_parts,
        row_number() over (
            partition by removals.record_number, removals.removal_date
            order by
                children.telling_order asc nulls last,
                removals.is_former asc nulls last,
                removals.line_number asc nulls last
        ) as version_order,
        min(removals.delivery_quarter_start) over (
            partition by removals.record_number, removals.removal_date
        ) as first_delivery_quarter_start
    from ({{ delivered('stg_care__removals') }}) as removals
    inner join {{ ref('int_care__told_children') }} as children
        on
            removals.record_number = children.record_number
            and removals.delivery_quarter_start = children.delivery_quarter_start
            and removals.delivery_sequence = children.delivery_sequence
    where removals.removal_date is not null
)

select
    record_number,
    removal_date,
    exit_date,
    is_former,
    county_code,
    ran_away_code,
    missing_code,
    trafficking_code,
    exit_reason_code,
    delivery_quarter_start,
    first_delivery_quarter_start
from versions
where version_order = 1 and has_standing_parts
