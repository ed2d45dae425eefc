-- A table with what files of statistical packages trip over: whole numbers at the ends of their types, texts that are
-- long, empty, missing or not ASCII, codes with zeros in front, dates and times before their calendars' day 0.
create schema marts;
create schema code_lists;

create table code_lists.county as
select * from (
    values ('03', 'Oslo'), ('15', 'Møre og Romsdal'), ('99', 'Not here')
) as list (county_code, county_name);

create table code_lists.centrality as
select * from (
    values ('2008 standard', 1, 'Least'), ('2008 standard', 4, 'Most'), ('2008 standard', 9, 'Not here')
) as list (standard, centrality_level, label_en);

create table marts.hard (
    person_id varchar, base_year integer, age tinyint, famnr_n integer, is_immigrant boolean, county_code varchar,
    centrality_level smallint, remark varchar, wage double, born date, seen timestamp, story varchar,
    nothing integer, big bigint, share decimal(9, 2)
);
insert into marts.hard values
(
    'P2', 2012, 101, 2147483621, true, '03', 1, '', 0.1, '1850-01-31', '2012-03-04 05:06:07.123', repeat('ø', 150),
    null, 9007199254740992, 1.25
),
(
    'P1', 2012, 100, -5, false, '15', 4, null, -1e300, '2024-02-29', '1955-01-01 00:00:00', repeat('abcde', 160),
    null, -1, -0.5
),
('P3', 2011, 107, 32741, null, '03', null, 'blåbær', null, null, null, 'x', null, null, null),
(
    'P1', 2011, null, null, true, null, 1, 'a;"b"', 1e-300, '1970-01-01', '1582-10-15 00:00:00', null,
    null, 0, 99.99
);

comment on column marts.hard.age is
'Alder i fullførte år ved årets slutt, ærlig talt målt på den måten som registeret øver på: Å';
comment on column marts.hard.county_code is 'County.';
