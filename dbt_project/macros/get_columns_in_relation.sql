{#-
  Columns of a relation. Unit tests ask for those of a raw table under its plain name, where DuckDB has
  nothing: the columns are then read from the raw Parquet itself.
-#}
{% macro duckdb__get_columns_in_relation(relation) -%}
    {%- set raw = namespace(location=none) -%}
    {%- for table in graph.sources.values() if table.schema == relation.schema and table.name == relation.identifier -%}
        {%- set raw.location = table.config.external_location | replace('{name}', table.name) -%}
    {%- endfor -%}
    {%- call statement('columns', fetch_result=True) -%}
        select
            column_name,
            column_type as data_type,
            try_cast(null as bigint) as character_maximum_length,
            try_cast(null as bigint) as numeric_precision,
            try_cast(null as bigint) as numeric_scale
        from (describe {{ raw.location or relation.render() }})
    {%- endcall -%}
    {{ return(sql_convert_columns_in_relation(load_result('columns').table)) }}
{%- endmacro %}
