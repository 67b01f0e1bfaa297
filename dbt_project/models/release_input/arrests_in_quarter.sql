-- depends_on: {{ ref('offence_group') }}
{{ config(alias='arrests') }}

select
    quarter_start,
    arrest_key as unit_id,
    offence_group
from {{ ref('arrests') }}
where quarter_start = {{ current_quarter() }}
