{{ config(materialized='table') }}

with judged as (
    select
        reports.*,
        findings.finding_group,
        coalesce(findings.is_alleged, false) as is_sex_trafficking_alleged,
        coalesce(relationships.relationship_group, 'unknown') as relationship_group
    from {{ ref('int_dss__placed_reports') }} as reports
    left join {{ ref('int_dss__findings') }} as findings
        on reports.report_id = findings.report_id and reports.child_id = findings.child_id
    left join {{ ref('int_dss__relationships') }} as relationships
        on reports.report_id = relationships.report_id and reports.child_id = relationships.child_id
)

select
    report_id,
    child_id,
    delivery_quarter_start,
    delivery_sequence,
    report_date,
    quarter_start,
    known_quarter_start,
    event_date,
    disposition_date,
    days_open,
    time_open_group,
    birth_date,
    age_years,
    is_child,
    age_band,
    case sex_code when '1' then 'male' when '2' then 'female' else 'unknown' end as sex_group,
    county_fips,
    circuit,
    county,
    region,
    troop,
    is_sex_trafficking_alleged,
    is_sex_trafficking_alleged and is_child as is_trafficking_event,
    finding_group,
    relationship_group
from judged
