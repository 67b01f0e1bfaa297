{#- A configured schema is the schema's whole name: no prefix from the profile. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}
