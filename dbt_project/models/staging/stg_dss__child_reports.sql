{% set slots = range(1, 5) %}
{% set perpetrators = range(1, 4) %}

with delivered as (
    {{ delivered('dss', 'child_file') }}
),

versions as (
    select
        *,
        row_number() over (
            partition by trim(rptid), trim(chid)
            order by delivered_position desc nulls last
        ) as version_order,
        min(quarter_start) over (partition by trim(rptid), trim(chid)) as first_delivery_quarter_start
    from delivered
),

current_version as (
    select
        {{ text_or_null('rptid') }} as report_id,
        {{ text_or_null('chid') }} as child_id,
        quarter_start as delivery_quarter_start,
        first_delivery_quarter_start,
        {{ read_date('rptdt', 'mmddyyyy') }} as report_date,
        {{ read_date('inciddt', 'mmddyyyy') }} as incident_date,
        {{ read_date('rptdisdt', 'mmddyyyy') }} as disposition_date,
        {{ read_date('chbdate', 'mmddyyyy') }} as birth_date,
        {{ whole_number('chage') }} as reported_age_code,
        {{ text_or_null('chsex') }} as sex_code,
        {{ whole_number('chcnty') }} as residence_county_number,
        {{ whole_number('rptcnty') }} as report_county_number,
        {% for slot in slots %}
        {{ whole_number('chmal' ~ slot) }} as maltreatment_type_{{ slot }},
        {{ whole_number('mal' ~ slot ~ 'lev') }} as maltreatment_level_{{ slot }},
        {% endfor %}
        {% for perpetrator in perpetrators %}
        {{ whole_number('per' ~ perpetrator ~ 'rel') }} as perpetrator_relationship_{{ perpetrator }},
        {% for slot in slots %}
        {{ whole_number('per' ~ perpetrator ~ 'mal' ~ slot) }} as responsible_{{ perpetrator }}_{{ slot }},
        {% endfor %}
        {% endfor %}
        delivery_sequence
    from versions
    where
        version_order = 1
        and {{ text_or_null('rptid') }} is not null
        and {{ text_or_null('chid') }} is not null
),

dated as (
    select
        *,
        case
            when report_date is null then null
            when incident_date <= report_date then incident_date
            else report_date
        end as event_date,
        case when report_date <= disposition_date then {{ days_between('report_date', 'disposition_date') }} end
            as days_open
    from current_version
),

aged as (
    select
        *,
        case
            when birth_date <= event_date then {{ age_on('event_date', 'birth_date') }}
            when reported_age_code = 77 then 0
            when reported_age_code between 0 and 21 then reported_age_code
        end as age_years
    from dated
),

trafficking_slots as (
    {% for slot in slots %}
    select
        report_id,
        child_id,
        maltreatment_level_{{ slot }} as level_code,
        {% for perpetrator in perpetrators %}
        case
            when responsible_{{ perpetrator }}_{{ slot }} = 1
                then perpetrator_relationship_{{ perpetrator }}
        end as relationship_code_{{ perpetrator }},
        {% endfor %}
        {{ slot }} as slot
    from current_version
    where maltreatment_type_{{ slot }} = 7
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

unknown_level as (
    select severity
    from {{ ref('ncands_maltreatment_levels') }}
    where level_code = 99
),

judged_slots as (
    select
        slots.report_id,
        slots.child_id,
        coalesce(levels.severity, unknown_level.severity) as severity
    from trafficking_slots as slots
    cross join unknown_level
    left join {{ ref('ncands_maltreatment_levels') }} as levels
        on slots.level_code = levels.level_code
),

trafficking as (
    select
        report_id,
        child_id,
        min(severity) as severity
    from judged_slots
    group by report_id, child_id
),

findings as (
    select
        trafficking.report_id,
        trafficking.child_id,
        levels.finding_group,
        levels.is_alleged
    from trafficking
    inner join {{ ref('ncands_maltreatment_levels') }} as levels
        on trafficking.severity = levels.severity
),

perpetrators as (
    {% for perpetrator in perpetrators %}
    select
        report_id,
        child_id,
        relationship_code_{{ perpetrator }} as relationship_code
    from trafficking_slots
    where relationship_code_{{ perpetrator }} is not null
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

relationships as (
    select
        perpetrators.report_id,
        perpetrators.child_id,
        min({{ relationship_rank('codes.relationship_group') }}) as relationship_rank
    from perpetrators
    inner join {{ ref('ncands_relationships') }} as codes
        on perpetrators.relationship_code = codes.relationship_code
    group by perpetrators.report_id, perpetrators.child_id
),

placed as (
    select
        aged.*,
        coalesce(residence.fips, case when aged.residence_county_number = 998 then null else report.fips end)
            as county_fips,
        case
            when residence.fips is not null then null
            when aged.residence_county_number = 998 then true
            when report.fips is not null then null
            when aged.report_county_number = 998 then true
        end as is_outside_missouri
    from aged
    left join {{ ref('counties') }} as residence
        on {{ county_on('residence', fips_of_number('aged.residence_county_number'), 'aged.event_date') }}
    left join {{ ref('counties') }} as report
        on {{ county_on('report', fips_of_number('aged.report_county_number'), 'aged.event_date') }}
)

select
    placed.report_id,
    placed.child_id,
    placed.delivery_quarter_start,
    placed.delivery_sequence,
    placed.report_date,
    {{ quarter_of('placed.report_date') }} as quarter_start,
    {{ known_quarter(quarter_of('placed.report_date'), 'placed.first_delivery_quarter_start') }}
        as known_quarter_start,
    placed.event_date,
    placed.disposition_date,
    placed.days_open,
    case
        when placed.days_open <= 30 then 'to_30'
        when placed.days_open <= 45 then '31_to_45'
        when placed.days_open <= 90 then '46_to_90'
        when placed.days_open > 90 then 'over_90'
    end as time_open_group,
    placed.birth_date,
    placed.age_years,
    coalesce(placed.age_years < 18, true) as is_child,
    {{ age_band('placed.age_years', 'placed.age_years') }} as age_band,
    case placed.sex_code when '1' then 'male' when '2' then 'female' else 'unknown' end as sex_group,
    placed.county_fips,
    counties.circuit,
    {% for place in ('county', 'region', 'troop') %}
    case
        when placed.is_outside_missouri then 'Outside Missouri'
        else coalesce(counties.{{ place }}, 'Unknown')
    end as {{ place }},
    {% endfor %}
    coalesce(findings.is_alleged, false) as is_sex_trafficking_alleged,
    findings.finding_group,
    {{ relationship_of_rank('relationships.relationship_rank') }} as relationship_group
from placed
left join {{ ref('counties') }} as counties
    on {{ county_on('counties', 'placed.county_fips', 'placed.event_date') }}
left join findings
    on placed.report_id = findings.report_id and placed.child_id = findings.child_id
left join relationships
    on placed.report_id = relationships.report_id and placed.child_id = relationships.child_id
