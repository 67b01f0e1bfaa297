{{ config(meta={'dagster': {'ref': {'name': 'tree_dss'}}}) }}

-- Each unit of a level lies in one unit of the level above.
with steps as (
    {% for tree, below, above in (
        ('tree_dss', 'circuit', 'region'),
        ('tree_dss', 'region', 'state'),
        ('tree_police', 'troop', 'state'),
    ) %}
    select
        '{{ tree }}' as tree,
        '{{ below }}' as level,
        {{ below }} as unit,
        {{ above }} as parent
    from {{ ref(tree) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    tree,
    level,
    unit
from steps
group by tree, level, unit
having count(distinct parent) > 1
