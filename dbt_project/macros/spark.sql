{#-
  Where dbt-spark does not do what this project rests on. Nothing here is called on DuckDB.
-#}

{#- A type by its name in Spark: texts have no length. -#}
{% macro spark_type(data_type) -%}
    {{ 'string' if data_type == 'varchar' else data_type }}
{%- endmacro %}

{#- The columns that a contract promises, empty. -#}
{% macro spark__get_empty_schema_sql(columns) -%}
    select
    {% for column in columns.values() %}
        try_cast(null as {{ spark_type(column['data_type']) }}) as {{ column['name'] }}{{ ',' if not loop.last }}
    {% endfor %}
{%- endmacro %}

{% macro spark__create_csv_table(model, agate_table) -%}
    {%- set types = model['config'].get('column_types', {}) -%}
    {%- set columns = [] -%}
    {%- for name in agate_table.column_names -%}
        {%- set data_type = types.get(name, adapter.convert_type(agate_table, loop.index0)) -%}
        {%- do columns.append(name ~ ' ' ~ spark_type(data_type)) -%}
    {%- endfor -%}
    {%- call statement('create') -%}
        create table {{ this.render() }} ({{ columns | join(', ') }}) using parquet
    {%- endcall -%}
{%- endmacro %}

{#- The rows of a list as they are: what stands between quotes is escaped, and nothing stays nothing. -#}
{% macro spark__load_csv_rows(model, agate_table) -%}
    {%- set types = model['config'].get('column_types', {}) -%}
    {%- set rows = [] -%}
    {%- for row in agate_table.rows -%}
        {%- set cells = [] -%}
        {%- for name in agate_table.column_names -%}
            {%- set data_type = types.get(name, adapter.convert_type(agate_table, loop.index0)) -%}
            {%- set cell = row[loop.index0] -%}
            {%- set literal = 'null' if cell is none else "'" ~ (cell | string | replace('\\', '\\\\') | replace("'", "\\'")) ~ "'" -%}
            {%- do cells.append('cast(' ~ literal ~ ' as ' ~ spark_type(data_type) ~ ')') -%}
        {%- endfor -%}
        {%- do rows.append('(' ~ (cells | join(', ')) ~ ')') -%}
    {%- endfor -%}
    {%- set sql -%}
        insert into {{ this.render() }} values {{ rows | join(', ') }}
    {%- endset -%}
    {%- do adapter.add_query(sql, abridge_sql_log=True) -%}
    {{ return(sql) }}
{%- endmacro %}

{#- What a contract says is never empty: files of Parquet do not refuse it, so the table is looked at. -#}
{% macro spark__persist_constraints(relation, model) -%}
    {%- set filled = [] -%}
    {%- for column in model.columns.values() if 'not_null' in column.constraints | map(attribute='type') | map('string') -%}
        {%- do filled.append(column.name ~ ' is null') -%}
    {%- endfor -%}
    {%- if filled -%}
        {%- set found = run_query('select count(*) from ' ~ relation ~ ' where ' ~ filled | join(' or ')) -%}
        {%- if found.rows[0][0] > 0 -%}
            {{ exceptions.raise_compiler_error('A column of ' ~ relation ~ ' that is always filled holds nothing in some row.') }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
