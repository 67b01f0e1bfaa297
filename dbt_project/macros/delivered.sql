{#- Where a delivered line comes from: the first columns of every staging model. -#}
{% macro provenance() -%}
    agency,
    quarter_start as delivery_quarter_start,
    delivery_sequence,
    line_number
{%- endmacro %}

{#-
  Lines of a staging model, without those of deliveries that a later full or nil delivery replaced.
  Adds delivery_rank (order of deliveries of the agency) and delivered_position (order of lines over
  all of them: the higher, the later).
-#}
{% macro delivered(model) -%}
    select
        lines.*,
        deliveries.delivery_rank,
        deliveries.delivery_rank * 10000000000 + lines.line_number as delivered_position
    from {{ ref(model) }} as lines
    inner join {{ ref('int_deliveries') }} as deliveries
        on
            lines.agency = deliveries.agency
            and lines.delivery_quarter_start = deliveries.delivery_quarter_start
            and lines.delivery_sequence = deliveries.delivery_sequence
    where deliveries.is_current
{%- endmacro %}

{#- Key of an incident: <ori>:<incident number>. -#}
{% macro incident_key() -%}
    {{ text_or_null('ori') }} || ':' || {{ text_or_null('incident_number') }}
{%- endmacro %}

{#-
  What last was said of each part of the incidents that stand: lines of a staging model since the report
  that stands, the last one of each part, without deleted ones. Reports (I, R), additions (A) and
  modifications (M) say what holds from then on; a time-window submission (W) is of no report.
-#}
{% macro incident_segments(model, part) -%}
    select * from (
        select
            segments.*,
            incidents.quarter_start as incident_quarter_start,
            row_number() over (
                partition by segments.incident_key, segments.{{ part }}
                order by segments.delivered_position desc nulls last
            ) as version_order
        from ({{ delivered(model) }}) as segments
        inner join {{ ref('int_mshp__incidents') }} as incidents
            on
                segments.incident_key = incidents.incident_key
                and segments.delivered_position > incidents.delivered_position
        where segments.{{ part }} is not null and coalesce(segments.action_type, '') <> 'W'
    ) as versions
    where version_order = 1 and coalesce(action_type, '') <> 'D'
{%- endmacro %}
