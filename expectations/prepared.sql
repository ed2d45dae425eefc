-- Tables that several comparisons read (between_registers.yml says what is in them). They are made once for a delivery,
-- from the views over its files and over what was accepted before, and from
--   known_file     files that would be current: register, period, version, rows, persons, is_delivered
--   stored_file    files of the delivery and files accepted before: register, period, is_delivered, path
--   delivered_row  rows of delivered files other than the person register: register, period, personid

-- A delivered register and period with the nearest other period that was accepted before.
create or replace temporary table neighbour as
select
    delivered.register,
    delivered.period,
    arg_min(accepted.period, (abs(accepted.period - delivered.period), accepted.period)) as nearest_period,
    min(abs(accepted.period - delivered.period)) as distance
from stored_file as delivered
inner join stored_file as accepted on delivered.register = accepted.register and delivered.period <> accepted.period
where delivered.is_delivered and not accepted.is_delivered
group by delivered.register, delivered.period;

-- What a delivered register and period is compared with, column by column: the version that it replaces, or else the
-- nearest accepted period, or else (nothing of the register was accepted) the year before in the delivery.
create or replace temporary table compared_period as
select
    delivered.register,
    delivered.period,
    coalesce(replaced.period, nearest_period, max(earlier.period)) as nearest_period,
    delivered.period - coalesce(replaced.period, nearest_period, max(earlier.period)) as years,
    abs(years) as distance,
    replaced.period is null and nearest_period is null as is_delivered,
    case when replaced.period is null then cast(delivered.period - years as varchar) else 'the version before' end
        as of_what
from stored_file as delivered
left join stored_file as replaced
    on delivered.register = replaced.register and delivered.period = replaced.period and not replaced.is_delivered
left join neighbour on delivered.register = neighbour.register and delivered.period = neighbour.period
left join stored_file as earlier
    on delivered.register = earlier.register and delivered.period > earlier.period and earlier.is_delivered
where delivered.is_delivered
group by delivered.register, delivered.period, replaced.period, nearest_period
having coalesce(replaced.period, nearest_period, max(earlier.period)) is not null;

create or replace temporary table compared_file as
select register, period, is_delivered, path
from stored_file
where is_delivered
union
select stored_file.register, stored_file.period, stored_file.is_delivered, path
from stored_file
inner join compared_period
    on
        stored_file.register = compared_period.register
        and stored_file.period = compared_period.nearest_period
        and stored_file.is_delivered = compared_period.is_delivered;

-- Rows and values of every column in these files, as Parquet says them of itself.
set variable compared_paths = (select list(path order by path) from compared_file);
create or replace temporary table known_value as
select
    register,
    period,
    is_delivered,
    path_in_schema as code_column,
    sum(num_values) as rows,
    sum(num_values - stats_null_count) as known_n
from parquet_metadata(getvariable('compared_paths'))
inner join compared_file on file_name = path
where path_in_schema <> 'periode'
group by all;

create or replace temporary table known_person as
select
    personid,
    arg_max(foedselsaar_mnd, periode) as birth_month,
    arg_max_null(doedsdato, periode) as death_date
from person
group by personid;

-- Grouped once for every comparison that asks for them; without a person register nobody is unknown to it.
create or replace temporary table unknown_person as
select register, period, personid, count(*) as rows
from delivered_row
anti join known_person using (personid)
where exists (from known_person)
group by all;

-- Of the rows of a delivered 1 January, and of its families, comparisons ask for numbers alone: they are counted once.
create or replace temporary table population_kind as
select
    periode as period,
    is_resident,
    is_dead,
    is_in_use,
    known_person.personid is not null as is_known,
    coalesce(death_date < make_date(periode, 1, 1), false) as has_died,
    coalesce(birth_month > periode * 100 + 1, false) as is_unborn,
    count(*) as rows
from befolkning_delivered
inner join seed_population_status on statuskode = cast(status_code as integer)
left join known_person using (personid)
group by all;

create or replace temporary table family_kind as
with family as (
    select
        periode as period,
        famnr is not null as is_known,
        count(*) as members,
        -- Code 1 is the reference person.
        count(*) filter (where personkode = 1) as reference_persons
    from befolkning_delivered
    inner join seed_population_status on statuskode = cast(status_code as integer)
    where is_resident = 'true'
    group by periode, famnr
)
select period, is_known, members, reference_persons, count(*) as families
from family
group by all;

create or replace temporary view person_before as
select personid from befolkning_accepted
union
select personid from person_accepted;

create or replace temporary table january_pair as
select this_year.period
from known_file as this_year
inner join known_file as next_year
    on next_year.register = 'befolkning' and this_year.period + 1 = next_year.period
inner join known_file as event on event.register = 'flytting' and this_year.period = event.period
where
    this_year.register = 'befolkning'
    and (this_year.is_delivered or next_year.is_delivered or event.is_delivered);

-- Where a share of n cases is usual, chance hardly makes more than this: three standard errors of a count above it.
create or replace temporary macro at_most(usual_share, n) as usual_share * n + 3 * sqrt(usual_share * n);

-- Who of the residents of a January or of the next one lives elsewhere, has gone or has come, for every pair of Januaries
-- that is compared.
create or replace temporary table january_change as
with resident as (
    select personid, periode as period, kommnr
    from befolkning
    inner join seed_population_status on statuskode = cast(status_code as integer)
    where is_resident = 'true'
),
before as (select resident.* from resident inner join january_pair using (period)),
after as (
    select personid, january_pair.period, kommnr
    from january_pair
    inner join resident on january_pair.period + 1 = resident.period
)
select
    coalesce(before.period, after.period) as period,
    coalesce(before.personid, after.personid) as personid,
    before.kommnr as kommnr_before,
    after.kommnr as kommnr_after,
    case when after.personid is null then 'gone' when before.personid is null then 'new' else 'moved' end as change
from before
full join after using (personid, period)
where before.personid is null or after.personid is null or before.kommnr <> after.kommnr;

-- The events of these persons in that year. An emigration may be dated before the year in which it was registered.
create or replace temporary table event_of_change as
select distinct period, personid, event_type
from january_change
inner join flytting using (personid)
inner join seed_migration_event_type on hendelse = event_code
where
    flyttedato between make_date(period, 1, 1) and make_date(period + 1, 1, 1)
    or (year(regdato) = period and flyttedato < regdato);

-- Two years of a register that follow each other and of which one is delivered now, with the nearest such years before.
-- Each pair is called by its later year.
create or replace temporary table yearly_pair as
with pair as (
    select now.register, now.period, now.is_delivered or before.is_delivered as is_new
    from known_file as now
    inner join known_file as before on now.register = before.register and now.period - 1 = before.period
)
select pair.register, pair.period, max(other.period) as other_period
from pair
left join pair as other on pair.register = other.register and pair.period > other.period
where pair.is_new
group by all;

-- The years that are read for these pairs; the population register also on both Januaries around each.
create or replace temporary table followed_period as
with year as (
    select register, unnest([period, period - 1, other_period, other_period - 1]) as period
    from yearly_pair
)
select register, period from year where period is not null
union
select 'befolkning', unnest([period, period + 1]) from year where period is not null;

-- Some fifty thousand residents are enough, always the same persons in every register and year.
set variable followed_one_in = (
    select greatest(coalesce(max(rows), 0) // 50000, 1) from known_file where register = 'befolkning'
);

create or replace temporary table followed_resident as
select personid, periode as period, left(kommnr, 2) as county_code, famnr, personkode, sivstand
from befolkning
inner join seed_population_status on statuskode = cast(status_code as integer)
where
    is_resident = 'true'
    and periode in (select period from followed_period where register = 'befolkning')
    and hash(personid) % getvariable('followed_one_in') = 0;

create or replace temporary table followed_job as
select personid, periode as period, yrkstat, timer, hovedarbeid
from sysselsetting
where
    periode in (select period from followed_period where register = 'sysselsetting')
    and hash(personid) % getvariable('followed_one_in') = 0;

create or replace temporary table followed_income as
select personid, periode as period, wyrkinnt, wies
from inntekt
where
    periode in (select period from followed_period where register = 'inntekt')
    and hash(personid) % getvariable('followed_one_in') = 0;

create or replace temporary table followed_education as
select personid, periode as period, try_cast(left(nus2000, 1) as integer) as level
from utdanning
where
    periode in (select period from followed_period where register = 'utdanning')
    and hash(personid) % getvariable('followed_one_in') = 0;

create or replace temporary table followed_jobseeker as
select distinct personid, periode as period
from arbeidssoker
where
    periode in (select period from followed_period where register = 'arbeidssoker')
    and hash(personid) % getvariable('followed_one_in') = 0;
