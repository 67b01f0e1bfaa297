{{ config(alias='arrests') }}

select
    {{ current_quarter() }} as quarter_start,
    arrest_key as unit_id,
    {{ state_key() }} as state
from {{ ref('arrests') }}
where
    {{ is_counted_now('known_quarter_start') }}
    and {{ is_counted_in_no_other_quarter('arrest_key') }}
