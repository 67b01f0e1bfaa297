select
    children.record_number,
    children.delivery_quarter_start,
    children.delivery_sequence,
    children.telling_order,
    reports.is_in_care,
    reports.report_date,
    case reports.reported_code when 1 then true when 0 then false end as was_reported
from ({{ delivered('stg_care__police_reports') }}) as reports
inner join {{ ref('int_care__told_children') }} as children
    on
        reports.record_number = children.record_number
        and reports.delivery_quarter_start = children.delivery_quarter_start
        and reports.delivery_sequence = children.delivery_sequence
