{#- No unit is counted in two quarters, of those that were released and the one being built. -#}
{% test assert_counted_once_ever(model, column_name) %}
select {{ column_name }}
from {{ model }}
where {{ stands('quarter_start') }}
group by {{ column_name }}
having count(distinct quarter_start) > 1
{% endtest %}
