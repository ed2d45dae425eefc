-- Enrolled on 1 October, and exams passed (ended courses with result 8)
with

enrolled as (
    select distinct personid, year, 'igangvaerende' as aktivitet, year || '-10-01' as dato
    from {{ spells_on_day('ongoing', start='first_day', end='last_day', day='10-01') }}
),

exams as (
    select distinct
        personid,
        year_of(avgdato) as year,
        'eksamen' as aktivitet,
        case
            when length(avgdato) = 6 then day_of_month(avgdato, '{{ choice('day_of_exam') }}')
            else day_of(avgdato, 'yyyymmdd')
        end as dato,
    from f_utd_kurs
    where rectype = '2' and utfall = '8'
)

select year as periode, personid, aktivitet, dato
from (select * from enrolled union all select * from exams)
