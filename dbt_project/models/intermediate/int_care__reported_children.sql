-- The child of the Child File that bears the number of a child in care; none where several do.
select
    reports.afcars_id as record_number,
    min(reports.child_id) as child_id,
    max(reports.birth_date = children.birth_date) as agrees_on_birth_date
from {{ ref('int_dss__current_reports') }} as reports
inner join {{ ref('int_care__told_children') }} as children
    on reports.afcars_id = children.record_number and children.telling_order = 1
group by reports.afcars_id
having count(distinct reports.child_id) = 1
