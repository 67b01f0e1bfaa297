-- Living arrangements of removals that stand; of two that begin on one day the later in the file is the later one.
with versions as (
    select
        settings.*,
        children.telling_order,
        min(children.telling_order) over (
            partition by settings.record_number, settings.removal_date, settings.start_date
        ) as newest_order
    from ({{ delivered('stg_care__settings') }}) as settings
    inner join {{ ref('int_care__told_children') }} as children
        on
            settings.record_number = children.record_number
            and settings.delivery_quarter_start = children.delivery_quarter_start
            and settings.delivery_sequence = children.delivery_sequence
    where settings.start_date is not null and children.has_standing_parts
)

select
    versions.record_number,
    versions.removal_date,
    versions.start_date,
    coalesce(versions.setting_code = 12, false) as is_runaway,
    coalesce(versions.setting_code = 13, false) as is_whereabouts_unknown,
    coalesce(versions.setting_code in (12, 13), false) as is_absence,
    row_number() over (
        partition by versions.record_number, versions.removal_date
        order by versions.start_date asc nulls last, versions.line_number asc nulls last
    ) as setting_order,
    removals.exit_date,
    versions.delivery_quarter_start
from versions
inner join {{ ref('int_care__standing_removals') }} as removals
    on versions.record_number = removals.record_number and versions.removal_date = removals.removal_date
where versions.telling_order = versions.newest_order and not removals.is_former
