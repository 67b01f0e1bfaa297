{#-
  Which of its rules a table keeps: one row for each rule, with its name and nothing of the table. All of them are
  looked at in one query, so a query that fails proves none. Rules stand beside the model by name, each with one
  of the tests of this folder or of dbt and what that is given; those of a table that is counted come with the call
  of dbt, from its frame in the reviewed policy.
-#}
{% test assert_rules_hold(model, rules={}, frame=none) %}
{{ config(fail_calc='count(*) filter (where not holds)') }}
{%- if execute and frame and frame not in var('rules_of_frames', {}) -%}
    {{ exceptions.raise_compiler_error("The rules of " ~ frame ~ " were not given. Run 'moshare run', or give them with --vars.") }}
{%- endif -%}
{%- for name, rule in dict(var('rules_of_frames', {}).get(frame, {}), **rules).items() %}
{% set kind, given = (rule.items() | first) -%}
select
    '{{ name }}' as rule,
    not exists (
    {%- if kind == 'accepted_values' %}{{ test_accepted_values(model, **given) }}
    {%- elif kind == 'not_null' %}{{ test_not_null(model, **given) }}
    {%- elif kind == 'assert_at_least' %}{{ test_assert_at_least(model, **given) }}
    {%- elif kind == 'assert_begins_a_quarter' %}{{ test_assert_begins_a_quarter(model, **given) }}
    {%- elif kind == 'assert_counted_once_ever' %}{{ test_assert_counted_once_ever(model, **given) }}
    {%- elif kind == 'assert_filled_once' %}{{ test_assert_filled_once(model, **given) }}
    {%- elif kind == 'assert_in_fourth_quarters' %}{{ test_assert_in_fourth_quarters(model, **given) }}
    {%- elif kind == 'assert_in_keys' %}{{ test_assert_in_keys(model, **given) }}
    {%- elif kind == 'assert_one_row_per' %}{{ test_assert_one_row_per(model, **given) }}
    {%- elif kind == 'assert_same_rows' %}{{ test_assert_same_rows(model, **given) }}
    {%- elif kind == 'relationships' %}{{ test_relationships(model, **given) }}
    {%- else %}{{ exceptions.raise_compiler_error(name ~ " has no test by which it is looked at.") }}
    {%- endif %}
    ) as holds
{% if not loop.last %}union all{% endif %}
{%- else %}
select
    '' as rule,
    false as holds
{%- endfor %}
{% endtest %}
