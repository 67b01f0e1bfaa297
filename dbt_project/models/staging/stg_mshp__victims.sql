{% set slots = range(1, 11) %}

with segments as (
    {{ incident_segments('victim', 'victim_sequence_number') }}
),

first_deliveries as (
    select
        {{ incident_key() }} || ':' || {{ text_or_null('victim_sequence_number') }} as victim_key,
        min(quarter_start) as first_delivery_quarter_start
    from ({{ delivered('mshp', 'victim') }})
    where coalesce(segment_action_type, '') not in ('D', 'W')
    group by {{ incident_key() }} || ':' || {{ text_or_null('victim_sequence_number') }}
),

keyed as (
    select
        *,
        incident_key || ':' || {{ text_or_null('victim_sequence_number') }} as victim_key,
        trim(age_of_victim) as age_text
    from segments
),

current_version as (
    select
        *,
        case
            when age_text in ('NN', 'NB', 'BB') then 0
            when age_text in ('00', '0000') then null
            when length(age_text) in (2, 4) then try_cast(substr(age_text, 1, 2) as integer)
        end as lowest_age,
        case
            when age_text in ('NN', 'NB', 'BB') then 0
            when age_text in ('00', '0000') then null
            when length(age_text) = 2 then try_cast(age_text as integer)
            when length(age_text) = 4 then try_cast(substr(age_text, 3, 2) as integer)
        end as highest_age
    from keyed
    where victim_key is not null
),

aged as (
    select
        *,
        case when lowest_age <= highest_age then lowest_age end as lowest_age_years,
        case when lowest_age <= highest_age then highest_age end as highest_age_years
    from current_version
),

related_offenders as (
    {% for slot in slots %}
    select
        victim_key,
        {{ text_or_null('relationship_of_victim_to_offender_' ~ slot) }} as relationship_code
    from aged
    where
        {{ text_or_null('relationship_of_victim_to_offender_' ~ slot) }} is not null
        and coalesce(trim(offender_number_related_{{ slot }}), '') <> '00'
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

relationships as (
    select
        related_offenders.victim_key,
        min({{ relationship_rank('codes.relationship_group') }}) as relationship_rank
    from related_offenders
    inner join {{ ref('nibrs_relationships') }} as codes
        on related_offenders.relationship_code = codes.relationship_code
    group by related_offenders.victim_key
),

incident_definitions as (
    select
        incident_key,
        case when max(case when is_strict then 1 else 0 end) = 1 then 'strict' else 'broad_only' end
            as incident_definition
    from {{ ref('stg_mshp__offences') }}
    where is_broad
    group by incident_key
),

interpreted as (
    select
        aged.*,
        incident_definitions.incident_definition,
        {{ text_or_null('aged.type_of_victim') }} in ('I', 'L') as is_individual,
        case
            when aged.highest_age_years < 18 then true
            when aged.lowest_age_years >= 18 then false
        end as is_child,
        (
            {% for slot in slots %}
            coalesce(trim(aged.ucr_offense_code_connection_{{ slot }}) in ('64A', '64B'), false)
            {{ 'or' if not loop.last }}
            {% endfor %}
        ) as is_strict,
        first_deliveries.first_delivery_quarter_start,
        {{ relationship_of_rank('relationships.relationship_rank') }} as relationship_group
    from aged
    left join incident_definitions on aged.incident_key = incident_definitions.incident_key
    left join relationships on aged.victim_key = relationships.victim_key
    left join first_deliveries on aged.victim_key = first_deliveries.victim_key
)

select
    victim_key,
    incident_key,
    incident_quarter_start as quarter_start,
    {{ known_quarter('incident_quarter_start', 'first_delivery_quarter_start') }} as known_quarter_start,
    quarter_start as delivery_quarter_start,
    delivery_sequence,
    coalesce(is_individual, false) as is_individual,
    lowest_age_years,
    highest_age_years,
    is_child,
    {{ age_band('lowest_age_years', 'highest_age_years') }} as age_band,
    case trim(sex_of_victim) when 'M' then 'male' when 'F' then 'female' else 'unknown' end as sex_group,
    incident_definition,
    case
        when incident_definition is not null
            then case when is_strict then 'strict' else 'broad_only' end
    end as victim_definition,
    coalesce(is_individual and is_child and incident_definition is not null, false)
        as is_juvenile_trafficking_victim,
    relationship_group
from interpreted
