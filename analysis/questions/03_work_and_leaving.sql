-- Do those without work leave more often than those at work, given the background? Base year 2012, ages 15-74.
select
    immigration_background,
    labour_status,
    count(*) as residents_n,
    round(100.0 * count(*) filter (where outcome_county = 'emigration') / count(*), 1) as emigration_percent,
    round(100.0 * count(*) filter (where outcome_county = 'internal_outmigration') / count(*), 1)
        as other_county_percent,
from marts.person_year
where
    is_immigrant
    and base_year = 2012
    and labour_status is not null
group by all
order by
    immigration_background,
    labour_status
