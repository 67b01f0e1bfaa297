{% for agency in ('dss', 'care', 'mshp', 'hotline') %}
select
    agency,
    quarter_start as delivery_quarter_start,
    delivery_sequence,
    delivery_kind,
    contract,
    as_of as as_of_date,
    received_at,
    simulated as is_simulated
from {{ source(agency, 'deliveries') }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
