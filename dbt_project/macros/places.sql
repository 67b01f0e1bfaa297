{#- FIPS code of a county of the state from its three-digit number in the NCANDS Child File. -#}
{% macro fips_of_number(county_number) -%}
    (select max(substr(fips, 1, 2)) from {{ ref('counties') }}) || lpad(try_cast({{ county_number }} as string), 3, '0')
{%- endmacro %}

{#-
  Join condition: the row of `ori_county` for a police agency. The first five characters of an ORI are
  those of its county, as the state's list has them; agencies of the whole state and of others have none.
-#}
{% macro ori_lies_in(ori_counties, ori) -%}
    {{ ori_counties }}.ori_prefix = substr({{ ori }}, 1, 5)
{%- endmacro %}

{#- Whether an ORI is of another state: its first two letters are not those of the state's list. -#}
{% macro is_ori_elsewhere(ori) -%}
    substr({{ ori }}, 1, 2) <> (select max(substr(ori_prefix, 1, 2)) from {{ ref('ori_county') }})
{%- endmacro %}

{#- Join condition: the row of `counties` that describes a county on a date. -#}
{% macro county_on(counties, fips, date_column) -%}
    {{ counties }}.fips = {{ fips }}
    and {{ counties }}.valid_from <= {{ date_column }}
    and {{ counties }}.valid_to > {{ date_column }}
{%- endmacro %}

{#- Public key of the whole state: the one row of its list. -#}
{% macro state_key() -%}
    (select max(key) from {{ ref('state') }})
{%- endmacro %}

{#- Public key, on every level, of what lies in another state. -#}
{% macro outside_state_key() -%}
    'Outside ' || {{ state_key() }}
{%- endmacro %}

{#- Public keys of a place, from the row of `counties` that describes its county, if any does. -#}
{% macro public_places(is_outside_state, counties) -%}
    {%- for place in ('county', 'region', 'troop') %}
    case
        when {{ is_outside_state }} then {{ outside_state_key() }}
        else coalesce({{ counties }}.{{ place }}, 'Unknown')
    end as {{ place }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
