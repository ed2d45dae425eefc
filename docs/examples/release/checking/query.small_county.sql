with person_year as (select * from marts.person_year)
select "age" as "age", "sex" as "sex", "immigration_background" as "immigration_background", "person_id" as "person_id", count(*) filter (where outcome_county = 'stay') as stay_n, count(*) filter (where outcome_county = 'internal_outmigration') as internal_outmigration_n, count(*) filter (where outcome_county = 'emigration') as emigration_n,
count(*) filter (where false and outcome_county in ('death', 'unaccounted')) as neither_n
from person_year where (
base_year between 2010 and 2012 and is_immigrant and age between 20 and 60 and county_code = '20'
) and outcome_county is not null
group by "age", "sex", "immigration_background", "person_id" order by "age", "sex", "immigration_background", "person_id"
