{#- Delivered text to typed values. A value that cannot be read becomes NULL and is never quoted in an error. -#}

{#- Text without surrounding blanks; NULL when nothing is left. -#}
{% macro text_or_null(column) -%}
    nullif(trim({{ column }}), '')
{%- endmacro %}

{#- Whole number, or NULL. -#}
{% macro whole_number(column) -%}
    try_cast({{ text_or_null(column) }} as integer)
{%- endmacro %}

{#- Date from eight digits, or NULL; `layout` is 'mmddyyyy' or 'yyyymmdd'. -#}
{% macro read_date(column, layout) -%}
    {{ return(adapter.dispatch('read_date')(column, layout)) }}
{%- endmacro %}

{% macro duckdb__read_date(column, layout) -%}
    {%- set formats = {'mmddyyyy': '%m%d%Y', 'yyyymmdd': '%Y%m%d'} -%}
    case
        when length(trim({{ column }})) = 8
            then try_cast(try_strptime(trim({{ column }}), '{{ formats[layout] }}') as date)
    end
{%- endmacro %}

{#- Whole days from one date to a later one. -#}
{% macro days_between(first, second) -%}
    {{ return(adapter.dispatch('days_between')(first, second)) }}
{%- endmacro %}

{% macro duckdb__days_between(first, second) -%}
    try_cast({{ second }} - {{ first }} as integer)
{%- endmacro %}

{#- First day of the calendar quarter written as 2025Q1, or NULL. -#}
{% macro read_quarter(column) -%}
    case substr(trim({{ column }}), 5)
        {% for month in ('01', '04', '07', '10') -%}
        when 'Q{{ loop.index }}' then try_cast(substr(trim({{ column }}), 1, 4) || '-{{ month }}-01' as date)
        {% endfor -%}
    end
{%- endmacro %}
