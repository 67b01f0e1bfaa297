{#- Every value of the column is there, and there once. -#}
{% test assert_filled_once(model, column_name) %}
select {{ column_name }}
from {{ model }}
group by {{ column_name }}
having count(*) > 1 or {{ column_name }} is null
{% endtest %}
