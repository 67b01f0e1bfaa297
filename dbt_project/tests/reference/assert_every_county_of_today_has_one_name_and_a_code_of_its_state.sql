-- Codes of one state, and no two counties of today with one name.
select
    count(distinct substr(fips, 1, 2)) as state_count,
    count(*) - count(distinct county) as shared_name_count
from {{ ref('counties') }}
where valid_to = date '9999-12-31'
having
    state_count <> 1
    or shared_name_count <> 0
