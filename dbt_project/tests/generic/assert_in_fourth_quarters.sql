{#- Every row belongs to the fourth quarter of its year, which brings the annual tables. -#}
{% test assert_in_fourth_quarters(model, column_name) %}
select {{ column_name }}
from {{ model }}
where extract(month from {{ column_name }}) <> 10
{% endtest %}
