{#- Completed years on a date. A child born on 29 February has its birthday on 1 March in other years. -#}
{% macro age_on(date_column, birth_date) -%}
    extract(year from {{ date_column }}) - extract(year from {{ birth_date }})
    - case
        when
            extract(month from {{ date_column }}) * 100 + extract(day from {{ date_column }})
            < extract(month from {{ birth_date }}) * 100 + extract(day from {{ birth_date }})
            then 1
        else 0
    end
{%- endmacro %}

{#- Public age band of an age known to lie between two whole years; 'unknown' when both ends differ in band. -#}
{% macro age_band(lowest_age, highest_age) -%}
    case
        when {{ highest_age }} < 6 then 'under_6'
        when {{ lowest_age }} >= 6 and {{ highest_age }} < 12 then '6_to_11'
        when {{ lowest_age }} >= 12 and {{ highest_age }} < 15 then '12_to_14'
        when {{ lowest_age }} >= 15 and {{ highest_age }} < 18 then '15_to_17'
        else 'unknown'
    end
{%- endmacro %}

{#- The closest of several relationships: family before known before stranger before unknown. -#}
{% macro closest_relationship(relationship_group) -%}
    case min(case {{ relationship_group }} when 'family' then 1 when 'known' then 2 when 'stranger' then 3 else 4 end)
        when 1 then 'family'
        when 2 then 'known'
        when 3 then 'stranger'
        else 'unknown'
    end
{%- endmacro %}

{#-
  Place of a text in an order that nobody without the order key can foresee: 60 bits of a
  keyed md5, as a whole number.
-#}
{% macro keyed_order(key, text) -%}
    {{ return(adapter.dispatch('keyed_order')(key, text)) }}
{%- endmacro %}

{% macro duckdb__keyed_order(key, text) -%}
    try_cast(md5_number_lower({{ key }} || {{ text }}) >> 4 as bigint)
{%- endmacro %}

{#- DuckDB's number is the second half of the md5, its last byte first. -#}
{% macro spark__keyed_order(key, text) -%}
    {%- set hash = "md5(" ~ key ~ " || " ~ text ~ ")" -%}
    cast(conv(substr(
        {% for byte in range(16, 8, -1) -%}
        substr({{ hash }}, {{ 2 * byte - 1 }}, 2){{ " || " if not loop.last }}
        {%- endfor %}, 1, 15), 16, 10) as bigint)
{%- endmacro %}

{#- A field of the column token, numbered from 1; empty where there are fewer. -#}
{% macro token_field(number) -%}
    split_part(whole, ':', {{ number }})
{%- endmacro %}

{#- The tokens of each part of a name: all fields from the first one of them on. -#}
{% macro part_tokens(first) -%}
    {{ return(adapter.dispatch('part_tokens')(first)) }}
{%- endmacro %}

{% macro duckdb__part_tokens(first) -%}
    list_transform(string_split(whole, ':')[{{ first }}:], lambda part: {{ token_field(1) }} || ':part:' || part)
{%- endmacro %}

{% macro spark__part_tokens(first) -%}
    transform(
        slice(split(whole, ':'), {{ first }}, greatest(size(split(whole, ':')) - {{ first - 1 }}, 0)),
        part -> {{ token_field(1) }} || ':part:' || part
    )
{%- endmacro %}
