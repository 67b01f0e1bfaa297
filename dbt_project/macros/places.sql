{#- FIPS code of a Missouri county from its three-digit number in the NCANDS Child File. -#}
{% macro fips_of_number(county_number) -%}
    try_cast(29000 + {{ county_number }} as string)
{%- endmacro %}

{#-
  FIPS code of the county of a police agency from its ORI. The three characters after 'MO' number the
  counties in alphabetical order, and so did the odd FIPS codes; Ste. Genevieve later got another code.
  Two cities have letters instead. NULL for agencies of the whole state and of other states.
-#}
{% macro fips_of_ori(ori) -%}
    case
        when substr({{ ori }}, 1, 2) <> 'MO' then null
        when substr({{ ori }}, 3, 3) = 'KPD' then '29095'
        when substr({{ ori }}, 3, 3) = 'SPD' then '29510'
        when substr({{ ori }}, 3, 3) = '097' then '29186'
        else try_cast(29000 + 2 * try_cast(substr({{ ori }}, 3, 3) as integer) - 1 as string)
    end
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
