with unknown_level as (
    select severity
    from {{ ref('ncands_maltreatment_levels') }}
    where level_code = 99
),

gravest as (
    select
        slots.report_id,
        slots.child_id,
        min(coalesce(levels.severity, unknown_level.severity)) as severity
    from {{ ref('int_dss__trafficking_slots') }} as slots
    cross join unknown_level
    left join {{ ref('ncands_maltreatment_levels') }} as levels
        on slots.level_code = levels.level_code
    group by slots.report_id, slots.child_id
)

select
    gravest.report_id,
    gravest.child_id,
    levels.finding_group,
    levels.is_alleged
from gravest
inner join {{ ref('ncands_maltreatment_levels') }} as levels
    on gravest.severity = levels.severity
