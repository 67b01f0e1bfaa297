select quarter_start
from {{ ref('hotline_counts') }}
group by quarter_start
having count(*) <> 5 or min(hotline_count) < 0
