{#- Every value is one of the public keys of a dimension. -#}
{% test assert_in_keys(model, column_name, dimension) %}
select rows_checked.{{ column_name }}
from {{ model }} as rows_checked
left join {{ ref(dimension) }} as public_keys
    on rows_checked.{{ column_name }} = public_keys.key
where public_keys.key is null
{% endtest %}
