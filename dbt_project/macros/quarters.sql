{#-
  First day of the quarter that is being built. It comes in the environment and not as a variable, for
  another variable would make dbt parse the whole project anew for each quarter.
-#}
{% macro current_quarter() -%}
    date '{{ env_var("MOSHARE_QUARTER_START", "2025-01-01") }}'
{%- endmacro %}

{#-
  First day of the first quarter whose late records the quarter being built counts: the first of those
  before it that were released one after the other, up to it. It is the quarter itself where the one
  before was not released, for that one can still be built with what came late.
-#}
{% macro counted_from() -%}
    date '{{ env_var("MOSHARE_COUNTED_FROM", env_var("MOSHARE_QUARTER_START", "2025-01-01")) }}'
{%- endmacro %}

{#- Whether the quarter being built counts what was first known in a quarter, if no other one did. -#}
{% macro is_counted_now(known_quarter) -%}
    {{ known_quarter }} between {{ counted_from() }} and {{ current_quarter() }}
{%- endmacro %}

{#- First day of the calendar quarter of a date. -#}
{% macro quarter_of(date_column) -%}
    try_cast(date_trunc('quarter', {{ date_column }}) as date)
{%- endmacro %}

{#-
  Quarter in which the hub first knew of a record: that of its event, or that of the delivery that first
  brought it, whichever is later. Later deliveries never change it. NULL without the quarter of the event.
-#}
{% macro known_quarter(quarter_start, first_delivery) -%}
    case
        when {{ quarter_start }} is null then null
        when {{ quarter_start }} > {{ first_delivery }} then {{ quarter_start }}
        else {{ first_delivery }}
    end
{%- endmacro %}

{#- Whether a quarter lies in the year that the quarter being built closes: a fourth one, or none does. -#}
{% macro lies_in_closing_year(column) -%}
    extract(month from {{ current_quarter() }}) = 10
    and {{ column }} between try_cast(date_trunc('year', {{ current_quarter() }}) as date) and {{ current_quarter() }}
{%- endmacro %}

{#- What was linked by the end of the quarter that is being built: one row for each police victim record. -#}
{% macro links_by_the_end_of_the_quarter() -%}
    select
        victim_key,
        max(token) as token,
        max(child_id) as child_id,
        max(has_place) as has_place
    from {{ source('linkage', 'dss_mshp_links') }}
    where quarter_start <= {{ current_quarter() }}
    group by victim_key
{%- endmacro %}

{#-
  Whether the table that is being built counts a unit in no other quarter. Whatever is delivered,
  corrected or withdrawn later, a unit is then counted once ever, where it was counted first.
-#}
{% macro is_counted_in_no_other_quarter(column) -%}
    {%- if is_incremental() -%}
        {{ column }} not in (
            select counted.unit_id from {{ this }} as counted
            where counted.quarter_start <> {{ current_quarter() }}
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{#-
  Empty the quarter before it is filled again. delete+insert alone deletes only quarters that
  have new rows, so the old rows of a quarter that became empty would stay.
-#}
{% macro empty_quarter() -%}
    {%- if is_incremental() -%}
        delete from {{ this }} where quarter_start = {{ current_quarter() }}
    {%- endif -%}
{%- endmacro %}

{#- Every record in staging that is an event, with its quarter and the delivery it came with. -#}
{% macro event_records() -%}
    select
        'dss:' || report_id || ':' || child_id as event_id,
        quarter_start,
        delivery_quarter_start,
        delivery_sequence
    from {{ ref('stg_dss__child_reports') }}
    where is_sex_trafficking_alleged and is_child and quarter_start is not null
    union all
    select
        'mshp:' || victim_key as event_id,
        quarter_start,
        delivery_quarter_start,
        delivery_sequence
    from {{ ref('stg_mshp__victims') }}
    where is_juvenile_trafficking_victim and quarter_start is not null
{%- endmacro %}
