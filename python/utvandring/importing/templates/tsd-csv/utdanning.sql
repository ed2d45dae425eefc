-- The level on 1 October. Persons with several rows that differ have no level in any year.
with

older as (
    select personid, year, bu from {{ wide_to_rows('utd_1', {'bu': 'BU_{yyyy}'}, empty='drop') }}
    where year < {{ choice('education_from') }}
),

newer as (
    select personid, year, bu from {{ wide_to_rows('utd_2', {'bu': 'BU_{yyyy}'}, empty='drop') }}
    where year >= {{ choice('education_from') }}
)

select distinct year as periode, personid, padded(bu, 6) as nus2000
from (select * from older union all select * from newer)
where personid not in {{ conflicting_keys('utd_1', 'personid') }}
    and personid not in {{ conflicting_keys('utd_2', 'personid') }}
