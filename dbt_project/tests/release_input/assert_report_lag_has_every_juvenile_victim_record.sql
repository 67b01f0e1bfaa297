{{ config(meta={'dagster': {'ref': {'name': 'report_lag'}}}) }}

select coalesce(victims.unit_id, lags.unit_id) as unit_id
from (
    select unit_id
    from {{ ref('juvenile_victim_records') }}
    where quarter_start = {{ current_quarter() }}
) as victims
full outer join (
    select unit_id
    from {{ ref('report_lag') }}
    where quarter_start = {{ current_quarter() }}
) as lags
    on victims.unit_id = lags.unit_id
where victims.unit_id is null or lags.unit_id is null
