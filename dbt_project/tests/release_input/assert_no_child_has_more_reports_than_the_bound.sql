select child_id
from (
    select
        child_id,
        quarter_start,
        count(*) as report_count,
        count(*) over (partition by child_id) as quarter_count
    from {{ ref('report_choices') }}
    where {{ stands('quarter_start') }}
    group by child_id, quarter_start
)
where
    report_count > {{ stated_bound('bound_reports') }}
    or quarter_count > {{ stated_bound('bound_report_quarters') }}
