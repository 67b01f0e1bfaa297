{#- Delivered text to typed values. A value that cannot be read becomes NULL and is never quoted in an error. -#}

{#- Text without the blanks around it, of any script: what DuckDB's trim takes away. -#}
{% macro trimmed(column) -%}
    {{ return(adapter.dispatch('trimmed')(column)) }}
{%- endmacro %}

{% macro duckdb__trimmed(column) -%}
    trim({{ column }})
{%- endmacro %}

{#- Spark's trim takes the space alone. -#}
{% macro spark__trimmed(column) -%}
    {%- set blanks = [
        ' ', '\u00a0', '\u1680', '\u2000', '\u2001', '\u2002', '\u2003', '\u2004', '\u2005', '\u2006',
        '\u2007', '\u2008', '\u2009', '\u200a', '\u202f', '\u205f', '\u3000'
    ] -%}
    trim(both '{{ blanks | join }}' from {{ column }})
{%- endmacro %}

{#- Text without surrounding blanks; NULL when nothing is left. -#}
{% macro text_or_null(column) -%}
    nullif({{ trimmed(column) }}, '')
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
        when length({{ trimmed(column) }}) = 8
            then try_cast(try_strptime({{ trimmed(column) }}, '{{ formats[layout] }}') as date)
    end
{%- endmacro %}

{% macro spark__read_date(column, layout) -%}
    {%- set formats = {'mmddyyyy': 'MMddyyyy', 'yyyymmdd': 'yyyyMMdd'} -%}
    case
        when length({{ trimmed(column) }}) = 8
            then try_cast(try_to_timestamp({{ trimmed(column) }}, '{{ formats[layout] }}') as date)
    end
{%- endmacro %}

{#- Whole days from one date to a later one. -#}
{% macro days_between(first, second) -%}
    {{ return(adapter.dispatch('days_between')(first, second)) }}
{%- endmacro %}

{% macro duckdb__days_between(first, second) -%}
    try_cast({{ second }} - {{ first }} as integer)
{%- endmacro %}

{% macro spark__days_between(first, second) -%}
    datediff({{ second }}, {{ first }})
{%- endmacro %}

{#- First day of the calendar quarter written as 2025Q1, or NULL. -#}
{% macro read_quarter(column) -%}
    case substr({{ trimmed(column) }}, 5)
        {% for month in ('01', '04', '07', '10') -%}
        when 'Q{{ loop.index }}' then try_cast(substr({{ trimmed(column) }}, 1, 4) || '-{{ month }}-01' as date)
        {% endfor -%}
    end
{%- endmacro %}
