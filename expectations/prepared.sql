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
