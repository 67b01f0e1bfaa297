-- depends_on: {{ ref('age_band') }} {{ ref('sex_group') }} {{ ref('region') }}
with ordered as (
    select
        *,
        row_number() over (
            partition by child_id
            order by event_order nulls last, event_id nulls last
        ) as report_order
    from {{ ref('child_events') }}
    where agency = 'dss' and quarter_start = {{ current_quarter() }}
)

select
    quarter_start,
    child_id as unit_id,
    age_band,
    sex_group,
    region
from ordered
where report_order = 1
