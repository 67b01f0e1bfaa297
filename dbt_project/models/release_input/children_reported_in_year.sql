-- depends_on: {{ ref('county') }} {{ ref('age_band') }} {{ ref('sex_group') }}
select
    {{ current_quarter() }} as quarter_start,
    unit_id,
    county,
    age_band,
    sex_group
from {{ ref('children_counted') }}
where
    {{ lies_in_closing_year('quarter_start') }}
    and {{ stands('quarter_start') }}
