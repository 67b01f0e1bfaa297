{#- No unit is counted in two quarters. -#}
{% test assert_counted_once_ever(model, column_name) %}
select {{ column_name }}
from {{ model }}
group by {{ column_name }}
having count(distinct quarter_start) > 1
{% endtest %}
