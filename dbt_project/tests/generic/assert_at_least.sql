{#- No number in the column is below the lowest one; empty is judged elsewhere. -#}
{% test assert_at_least(model, column_name, lowest) %}
select {{ column_name }}
from {{ model }}
where {{ column_name }} < {{ lowest }}
{% endtest %}
