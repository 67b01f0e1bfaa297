{#-
  A bound, or the first day of record, that the reviewed policy states. It comes with the call of dbt, and
  there is no default: a project that was started in another way is read, but nothing that needs one is
  compiled or run.
-#}
{% macro stated_bound(name) -%}
    {%- if execute and var(name, none) is none -%}
        {{ exceptions.raise_compiler_error(
            "Nothing was compiled, for " ~ name ~ " was not given. It is stated in privacy/policy.toml "
            ~ "and nowhere else, so that dbt keeps what an officer signed. Run 'moshare run', or give it with --vars."
        ) }}
    {%- endif -%}
    {{ var(name, none) }}
{%- endmacro %}
