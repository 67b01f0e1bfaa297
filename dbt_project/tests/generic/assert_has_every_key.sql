{#- Every public key of a dimension is there. -#}
{% test assert_has_every_key(model, column_name, dimension) %}
select public_keys.key
from {{ ref(dimension) }} as public_keys
left join {{ model }} as rows_checked
    on public_keys.key = rows_checked.{{ column_name }}
where rows_checked.{{ column_name }} is null
{% endtest %}
