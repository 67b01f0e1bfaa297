{#- Rows of the quarter with one of these keys are the rows of the quarter of another model, unit by unit. -#}
{% test assert_same_rows(model, other, dimension, cells) %}
with expected as (
    select unit_id
    from {{ ref(other) }}
    where quarter_start = {{ current_quarter() }}
),

given as (
    select unit_id
    from {{ model }}
    where {{ dimension }} in ('{{ cells | join("', '") }}') and quarter_start = {{ current_quarter() }}
)

select coalesce(expected.unit_id, given.unit_id) as unit_id
from expected
full outer join given on expected.unit_id = given.unit_id
where expected.unit_id is null or given.unit_id is null
{% endtest %}
