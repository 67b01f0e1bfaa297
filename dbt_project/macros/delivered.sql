{#-
  Delivered rows of one raw table, without deliveries that a later full or nil delivery replaced.
  Adds delivery_rank (order of deliveries of the agency) and delivered_position (order of rows over
  all of them: the higher, the later).
-#}
{% macro delivered(agency, table) -%}
    select
        records.*,
        deliveries.delivery_rank,
        deliveries.delivery_rank * 10000000000 + records.line_number as delivered_position
    from {{ source(agency, table) }} as records
    inner join {{ ref('stg_deliveries') }} as deliveries
        on
            records.agency = deliveries.agency
            and records.quarter_start = deliveries.delivery_quarter_start
            and records.delivery_sequence = deliveries.delivery_sequence
    where deliveries.is_current
{%- endmacro %}

{#- Key of an incident: <ori>:<incident number>. -#}
{% macro incident_key() -%}
    {{ text_or_null('ori') }} || ':' || {{ text_or_null('incident_number') }}
{%- endmacro %}

{#-
  What last was said of each part of the incidents that stand: segments of one raw NIBRS table since the
  report that stands, the last one of each part, without deleted ones. Reports (I, R), additions (A) and
  modifications (M) say what holds from then on; a time-window submission (W) is of no report.
-#}
{% macro incident_segments(table, part) -%}
    select * from (
        select
            segments.*,
            incidents.incident_key,
            incidents.quarter_start as incident_quarter_start,
            row_number() over (
                partition by incidents.incident_key, trim(segments.{{ part }})
                order by segments.delivered_position desc nulls last
            ) as version_order
        from ({{ delivered('mshp', table) }}) as segments
        inner join {{ ref('stg_mshp__incidents') }} as incidents
            on
                trim(segments.ori) || ':' || trim(segments.incident_number) = incidents.incident_key
                and segments.delivered_position > incidents.delivered_position
        where coalesce(segments.segment_action_type, '') <> 'W'
    ) as versions
    where version_order = 1 and coalesce(segment_action_type, '') <> 'D'
{%- endmacro %}

{#-
  The token of each record of an agency: of all quarters that brought one the first, and within it the
  last. What came in a later quarter changes nothing, so that nobody is linked under two tokens. A blank
  key or token stands for nobody.
-#}
{% macro current_tokens(agency) -%}
    with versions as (
        select
            *,
            row_number() over (
                partition by trim(record_key)
                order by quarter_start nulls last, delivered_position desc nulls last
            ) as version_order
        from ({{ delivered(agency, 'tokens') }})
        where {{ text_or_null('token') }} is not null
    )

    select
        {{ text_or_null('record_key') }} as record_key,
        {{ text_or_null('token') }} as token,
        quarter_start as delivery_quarter_start
    from versions
    where
        version_order = 1
        and {{ text_or_null('record_key') }} is not null
{%- endmacro %}
