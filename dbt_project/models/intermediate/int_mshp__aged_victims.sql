with coded as (
    select
        *,
        case
            when age_code in ('NN', 'NB', 'BB') then 0
            when age_code in ('00', '0000') then null
            when length(age_code) in (2, 4) then try_cast(substr(age_code, 1, 2) as integer)
        end as lowest_age,
        case
            when age_code in ('NN', 'NB', 'BB') then 0
            when age_code in ('00', '0000') then null
            when length(age_code) = 2 then try_cast(age_code as integer)
            when length(age_code) = 4 then try_cast(substr(age_code, 3, 2) as integer)
        end as highest_age
    from {{ ref('int_mshp__current_victims') }}
),

aged as (
    select
        *,
        case when lowest_age <= highest_age then lowest_age end as lowest_age_years,
        case when lowest_age <= highest_age then highest_age end as highest_age_years
    from coded
)

select
    victim_key,
    incident_key,
    incident_quarter_start,
    known_quarter_start,
    delivery_quarter_start,
    delivery_sequence,
    victim_type,
    sex_code,
    lowest_age_years,
    highest_age_years,
    case
        when highest_age_years < 18 then true
        when lowest_age_years >= 18 then false
    end as is_child,
    {{ age_band('lowest_age_years', 'highest_age_years') }} as age_band
from aged
