{#-
  First day of the quarter that is being built. It comes in the environment and not as a variable, for
  another variable would make dbt parse the whole project anew for each quarter.
-#}
{% macro current_quarter() -%}
    date '{{ env_var("MOSHARE_QUARTER_START", "2025-01-01") }}'
{%- endmacro %}

{#-
  Whether a quarter is one whose release was charged. They all lie before the one being built, because
  quarters are released in order; rows of any other quarter are nobody's but its own.
-#}
{% macro is_released(quarter) -%}
    {%- set released = env_var("MOSHARE_RELEASED_QUARTERS", "") -%}
    {%- if released -%}
        {{ quarter }} in ({% for day in released.split(",") %}date '{{ day }}'{{ ", " if not loop.last }}{% endfor %})
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}

{#-
  Whether a quarter lies after the last one that was released. Totals have no units by which to see that they
  were counted: those of a quarter that was passed over count in the first release after it, and never again.
-#}
{% macro is_after_the_last_release(quarter) -%}
    {%- set released = env_var("MOSHARE_RELEASED_QUARTERS", "") -%}
    {%- if released -%}
        {{ quarter }} > date '{{ released.split(",") | max }}'
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{#- Whether what stands for a quarter counts: it is the one being built, or was released. -#}
{% macro stands(quarter) -%}
    ({{ quarter }} = {{ current_quarter() }} or {{ is_released(quarter) }})
{%- endmacro %}

{#-
  Whether something was known in time for the quarter being built: it counts there if no released
  quarter counts it. So what came late, and what a quarter that was passed over would have counted,
  counts in the next one.
-#}
{% macro is_counted_now(known_quarter) -%}
    {{ known_quarter }} <= {{ current_quarter() }}
{%- endmacro %}

{#- Whether a quarter is on record: the policy's first day of record is the first day of one. -#}
{% macro is_on_record(quarter) -%}
    {{ quarter }} >= date '{{ stated_bound("first_day_of_record") }}'
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

{#- Whether the quarter being built is the last one of its year, which brings the annual tables. -#}
{% macro closes_a_year() -%}
    extract(month from {{ current_quarter() }}) = 10
{%- endmacro %}

{#- Whether a quarter lies in the year that the quarter being built closes: a fourth one, or none does. -#}
{% macro lies_in_closing_year(column) -%}
    {{ closes_a_year() }}
    and {{ column }} between try_cast(date_trunc('year', {{ current_quarter() }}) as date) and {{ current_quarter() }}
{%- endmacro %}

{#- What was linked by the end of the quarter that is being built: one row for each police victim record. -#}
{% macro links_by_the_end_of_the_quarter() -%}
    select
        victim_key,
        max(token) as token,
        max(child_id) as child_id,
        max(first_report_date) as first_report_date,
        max(has_place) as has_place
    from {{ source('linkage', 'dss_mshp_links') }}
    where {{ stands('quarter_start') }}
    group by victim_key
{%- endmacro %}

{#-
  Whether no released quarter counts a unit in the table that is being built. Whatever is delivered,
  corrected or withdrawn later, a unit is then counted once ever, where it was counted first.
-#}
{% macro is_counted_in_no_other_quarter(column) -%}
    {%- if is_incremental() -%}
        {{ column }} not in (
            select counted.unit_id from {{ this }} as counted
            where {{ is_released('counted.quarter_start') }}
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{#-
  Whether fewer than so many released quarters count a unit in the table that is being built, so that it is
  counted in no more than that many ever, whatever is delivered, corrected or retold later.
-#}
{% macro is_counted_in_fewer_quarters(column, most) -%}
    {%- if is_incremental() -%}
        {{ column }} not in (
            select counted.unit_id from {{ this }} as counted
            where {{ is_released('counted.quarter_start') }}
            group by counted.unit_id
            having count(distinct counted.quarter_start) >= {{ most }}
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{#- First day of the federal year whose half-yearly files are there when a year is closed: the October before. -#}
{% macro first_day_of_federal_year() -%}
    try_cast({{ current_quarter() }} - interval 1 year as date)
{%- endmacro %}

{#-
  Empty the quarter before it is filled again. delete+insert alone deletes only quarters that
  have new rows, so the old rows of a quarter that became empty would stay.
-#}
{% macro empty_quarter() -%}
    {%- if is_incremental() -%}
        {{ adapter.dispatch('empty_quarter')() }}
    {%- endif -%}
{%- endmacro %}

{% macro duckdb__empty_quarter() -%}
    delete from {{ this }} where quarter_start = {{ current_quarter() }}
{%- endmacro %}

{#- Tables of Parquet files lose no rows, but whole folders: one for each quarter. -#}
{% macro spark__empty_quarter() -%}
    alter table {{ this }} drop if exists partition (quarter_start = {{ current_quarter() }})
{%- endmacro %}
