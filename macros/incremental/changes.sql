-- The changes of the warehouse in order, and the last of them that every table has seen. So a build of some tables, one
-- that broke off, or a step back to an earlier delivery needs no case of its own. dbt runs this at every start.
create schema if not exists builds;
create sequence if not exists builds.number;

-- From which year on a node changed (0: all of it), with a number that only grows.
create table if not exists builds.difference (node_id varchar, number bigint, first_year integer);
-- Up to which number a table has seen what it reads, when it was last built, and by which program.
create table if not exists builds.seen (node_id varchar, number bigint, program varchar);
-- A checksum of the rows of every year, as they were; where they are compared, also as they are now.
create table if not exists builds.content (node_id varchar, year_n integer, checksum varchar, is_new boolean);
-- The first year of a table that its data tests have not seen.
create table if not exists builds.untested (node_id varchar, first_year integer);
-- The rows of a table that were built since the last publication.
create table if not exists builds.unpublished_rows (schema_name varchar, table_name varchar, condition varchar);
-- Filled by open_builds: the program, the project as dbt read it, and from this what every model reads.
create or replace table builds.program (program varchar);
create or replace table builds.project (nodes json);
create or replace table builds.input (node_id varchar, input_id varchar, is_view bool, years int, last_year int);

-- An entry is of no use where a later one of the same node concerns as many years.
delete from builds.difference
where exists (
    from builds.difference as later
    where
        difference.node_id = later.node_id
        and difference.number < later.number
        and difference.first_year >= later.first_year
);

-- One row a model, code list or source.
create or replace view builds.node as
select unnest(from_json(nodes, '[{
    "node_id": "varchar", "name": "varchar", "source_name": "varchar", "materialized": "varchar", "year": "varchar",
    "parents": ["varchar"],
    "inputs": [{"name": "varchar", "year": "varchar", "years": "integer", "last_year": "varchar"}]
}]'), max_depth := 2)
from builds.project;

-- The references of every model: its year relative to that of the input, and the last year of the input that matters.
-- A register is read by its periods. Otherwise all of the input matters to all years (NULL) where the model does not
-- say by which year it reads it, and where it is built as a whole.
create or replace view builds.reference as
with
parent as (
    select node_id, name, unnest(parents) as input_id
    from builds.node
),

said as (
    select node_id, unnest(inputs) as input
    from builds.node
    where materialized <> 'table'
)

select
    parent.node_id,
    parent.input_id,
    coalesce(read.materialized = 'view', false) as is_view,
    case
        when said.input.year = read.year then said.input.years
        when said.input is not null
            then
                error(
                    parent.name || ' reads ' || read.name || ' by ' || said.input.year
                    || ', but the year of its rows (meta.year) is ' || coalesce(read.year, 'not said') || '.'
                )
        when read.source_name is not null then 0
    end as years,
    coalesce(try_cast(said.input.last_year as integer), 9999) as last_year,
from parent
left join builds.node as read on parent.input_id = read.node_id
left join said on parent.node_id = said.node_id and read.name = said.input.name;

-- The same for the tables and sources that every model reads in the end, through views.
create or replace view builds.reading as
with recursive
reading as (
    from builds.reference
    union
    select
        reading.node_id, reference.input_id, reference.is_view,
        reading.years + reference.years,
        least(reference.last_year, reading.last_year - reference.years),
    from reading
    inner join builds.reference on reading.input_id = reference.node_id
    where reading.is_view
)

from reading
where not is_view;

-- Contents of the sources: of registers the files of every period, of the rest all deliveries. A register that says the
-- year of its rows is compared by these (open_builds).
create or replace view builds.content_of_files as
select node.node_id, file.period as year_n, file.stored_sha256 || file.missing_columns::varchar as checksum
from builds.node
inner join deliveries.delivery_file as file on node.name = file.register
where node.source_name = 'registers' and node.year is null and file.is_current
union all
select node.node_id, 0 as year_n, md5(string_agg(delivery::varchar, ';' order by delivery.arrival)) as checksum
from builds.node
inner join deliveries.delivery on node.source_name <> 'registers'
group by node.node_id;

-- From which year on nodes have changed; of use where they are compared.
create or replace view builds.changed_content as
select year_of_node.node_id, min(year_of_node.year_n) as first_year
from (
    select node_id, year_n
    from builds.content
    group by node_id, year_n
    having count(*) = 1 or min(checksum) <> max(checksum)
) as year_of_node
group by year_of_node.node_id;

-- The first year of a table that its inputs changed since it was built: NULL or 0 if all of it has to be built, 9999 if
-- nothing has to.
create or replace macro builds.first_changed_year(of_node_id) as (
    select
        coalesce(min(coalesce(nullif(difference.first_year, 0) + input.years, 0)) filter (difference.number > 0), 9999)
    from builds.seen
    left join builds.input on seen.node_id = input.node_id
    left join builds.difference
        on
            input.input_id = difference.node_id
            and seen.number < difference.number
            and input.last_year >= difference.first_year
    where seen.node_id = of_node_id and seen.program = (from builds.program)
    group by seen.node_id
);
