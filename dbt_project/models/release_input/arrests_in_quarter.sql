-- depends_on: {{ ref('state') }}
{{ config(alias='arrests') }}

select
    known_quarter_start as quarter_start,
    arrest_key as unit_id,
    'Missouri' as state
from {{ ref('arrests') }}
where
    known_quarter_start = {{ current_quarter() }}
    and {{ is_counted_in_no_other_quarter('arrest_key') }}
