-- Person-years that were added, removed, or have another outcome or other characteristics, by outcome year.
with
before as (
    select person_id, base_year, outcome_municipality as outcome, hash(person_year) as content
    from before.marts.person_year
),

after as (
    select person_id, base_year, outcome_municipality as outcome, hash(person_year) as content
    from after.marts.person_year
),

year_before as (
    select base_year, count(*) as person_years_n, sum(content) as content from before group by base_year
),

year_after as (
    select base_year, count(*) as person_years_n, sum(content) as content from after group by base_year
),

-- Most years are the same: only the others are compared person by person.
differing as (
    select base_year
    from year_before
    full join year_after using (base_year)
    where
        year_before.person_years_n is distinct from year_after.person_years_n
        or year_before.content is distinct from year_after.content
),

compared as (
    select
        base_year,
        case
            when before.person_id is null then 'added'
            when after.person_id is null then 'removed'
            when before.outcome is distinct from after.outcome then 'outcome changed'
            when before.content <> after.content then 'characteristics changed'
        end as change,
        before.outcome as outcome_before,
        after.outcome as outcome_after,
    from (from before semi join differing using (base_year)) as before
    full join (from after semi join differing using (base_year)) as after using (person_id, base_year)
)

select
    base_year + 1 as outcome_year,
    change,
    -- Outcomes matter where they changed; NULL is an outcome that is not known yet.
    case when change = 'outcome changed' then coalesce(outcome_before, 'not known') end as outcome_before,
    case when change = 'outcome changed' then coalesce(outcome_after, 'not known') end as outcome_after,
    count(*) as person_years_n,
from compared
where change is not null
group by all
order by outcome_year, change, outcome_before, outcome_after
