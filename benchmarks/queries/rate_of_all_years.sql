select
    base_year,
    immigration_background,
    sex,
    count(*) as persons_n,
    count(*) filter (where outcome_centrality = 'emigration') as emigrations_n,
    emigrations_n / persons_n as emigration_rate,
from person_year
group by all
order by all
