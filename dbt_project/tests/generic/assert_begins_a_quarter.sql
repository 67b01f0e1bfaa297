{#- Every date is the first day of a quarter, so that no row belongs to none. -#}
{% test assert_begins_a_quarter(model, column_name) %}
select {{ column_name }}
from {{ model }}
where {{ column_name }} is null or {{ column_name }} <> {{ quarter_of(column_name) }}
{% endtest %}
