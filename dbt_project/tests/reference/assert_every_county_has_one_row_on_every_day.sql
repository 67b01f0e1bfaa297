-- Periods of a county follow one another without a gap or an overlap, and the last one is open.
select
    county.fips,
    county.valid_from
from (
    select
        fips,
        valid_from,
        valid_to,
        lead(valid_from) over (partition by fips order by valid_from nulls last) as next_valid_from,
        row_number() over (partition by fips order by valid_from nulls last) as period_number
    from {{ ref('counties') }}
) as county
where
    county.valid_to <> coalesce(county.next_valid_from, date '9999-12-31')
    or (county.period_number = 1 and county.valid_from <> date '1900-01-01')
