-- depends_on: {{ ref('state') }} {{ ref('offence_group') }}
{{ config(alias='arrests') }}

select
    quarter_start,
    arrest_key as unit_id,
    'Missouri' as state,
    offence_group
from {{ ref('arrests') }}
where
    quarter_start = {{ current_quarter() }}
    and {{ is_counted_in_no_other_quarter('arrest_key') }}
