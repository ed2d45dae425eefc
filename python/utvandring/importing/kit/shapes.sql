{#- Macros that change the shape of a source or a step. Each gives a relation in brackets, for `from`.
    `relation` is the name of a source, a step or a code table; every one of them has the column `personid`. -#}

{#- The columns of a relation in quotes, with commas. -#}
{%- macro _list(columns) -%}
    {%- for column in columns %}{{ quoted(column) }}{{ ', ' if not loop.last }}{% endfor -%}
{%- endmacro -%}


{#- Says which column a relation lacks that a macro reads by its name. -#}
{%- macro _needs(relation, columns) -%}
{%- set there = columns_of(relation) | map('lower') | list -%}
{%- for column in columns if column not in there -%}
    {%- do stop(relation ~ ' has no column ' ~ column ~ '; the macro reads ' ~ columns | join(', ')
        ~ ': let a step give them these names') -%}
{%- endfor -%}
{%- endmacro -%}


{#- Wide columns to one row for each person and year (with {n}: each number, with {yyyy} and {mm}: each month).

    columns   new name and pattern of the columns: {'regstatus': 'regstat_{yy}', 'regstatusdato': 'regstat_{yy}_dat'}
    empty     'drop' leaves out a year of a person without any value, 'keep' keeps it; there is no default
    keep      further columns to take along

    Gives personid, year (and month or number), the new columns and `keep`. -#}
{%- macro wide_to_rows(relation, columns, empty, keep=[]) -%}
{%- set found = places(relation, columns) -%}
{%- do choose(relation ~ ': years without any value', {'drop': 'left out', 'keep': 'kept'}[empty]) -%}
{%- if empty == 'drop' -%}
    {%- do tell(relation, 'persons without a value in any year',
        'select count(distinct personid) from ' ~ relation ~ ' where ' ~ all_empty(found)) -%}
{%- endif -%}
(
    select *
    from (
        select
            personid,
            {%- for column in keep %}
            {{ quoted(column) }},
            {%- endfor %}
            unnest([
                {%- for place in found %}
                {
                    {%- for key, value in place['keys'].items() %}'{{ key }}': {{ value }}, {% endfor -%}
                    {%- for name, column in place['columns'].items() -%}
                    '{{ name }}': {{ 'cast(null as varchar)' if column is none else quoted(column) }}{{ ', ' if not loop.last }}
                    {%- endfor -%}
                }{{ ',' if not loop.last }}
                {%- endfor %}
            ], recursive := true)
        from {{ relation }}
    ) as long_rows
    {%- if empty == 'drop' %}
    where not ({% for name in columns %}{{ name }} is null{{ ' and ' if not loop.last }}{% endfor %})
    {%- endif %}
)
{%- endmacro -%}


{#- One row for each key, by a stated rule. Identical rows are always one.

    key          column or columns that identify a row
    conflicting  what becomes of rows of one key that differ: 'refuse'; 'first' by `order`; 'unknown' (one row, the other
                 columns empty); 'drop' (no row); 'sum' (`sums` are added up over all rows, identical ones too)
    order        SQL for 'first', such as 'aar desc' -#}
{%- macro one_row_per(relation, key, conflicting, order=none, sums=[]) -%}
{%- set keys = [key] if key is string else key -%}
{%- set others = columns_of(relation) | reject('in', keys) | list -%}
{%- set by = _list(keys) -%}
{%- set told = relation ~ ': rows of one ' ~ keys | join(', ') ~ ' that differ' -%}
{%- if conflicting == 'sum' -%}
    {%- do choose(told, 'added up: ' ~ sums | join(', ')) -%}
    {%- do tell(relation, 'rows added to another of the same ' ~ keys | join(', '),
        'select count(*) - count(distinct (' ~ by ~ ')) from ' ~ relation) -%}
    {%- for column in sums -%}
        {%- do refuse_if(relation, 'rows whose ' ~ column ~ ' is not a number, so that it cannot be added up',
            'select count(*) from ' ~ relation ~ ' where ' ~ quoted(column) ~ ' is not null and try_cast('
            ~ quoted(column) ~ ' as decimal(38, 6)) is null') -%}
    {%- endfor -%}
(
    select
        {{ by }},
        {%- for column in sums %}
        {{ whole_or_decimal('sum(try_cast(' ~ quoted(column) ~ ' as decimal(38, 6)))') }} as {{ quoted(column) }},
        {%- endfor %}
    from {{ relation }}
    group by {{ by }}
)
{%- else -%}
    {%- do tell(relation, 'identical rows, kept once',
        'select count(*) - (select count(*) from (select distinct * from ' ~ relation ~ ')) from ' ~ relation) -%}
    {%- set differing = 'select count(*) from (select ' ~ by ~ ' from (select distinct * from ' ~ relation ~ ') group by '
        ~ by ~ ' having count(*) > 1)' -%}
    {%- if conflicting == 'refuse' -%}
        {%- do refuse_if(relation, 'keys (' ~ keys | join(', ') ~ ') with rows that differ, and `conflicting` says refuse', differing) -%}
    {%- else -%}
        {%- do tell(relation, 'keys (' ~ keys | join(', ') ~ ') with rows that differ', differing) -%}
    {%- endif -%}
    {%- do choose(told, {'refuse': 'refused', 'first': 'the first by ' ~ order, 'unknown': 'one row, its values unknown', 'drop': 'left out'}[conflicting]) -%}
    {%- if conflicting == 'first' and not order -%}{%- do stop('one_row_per: `order` says which row is the first') -%}{%- endif -%}
(
    {%- if conflicting in ('refuse', 'first') %}
    select *
    from (select distinct * from {{ relation }}) as once
    qualify row_number() over (
        partition by {{ by }}
        order by {{ order ~ ', ' if order else '' }}{{ _list(columns_of(relation)) }}
    ) = 1
    {%- elif conflicting == 'drop' %}
    select *
    from (select distinct * from {{ relation }}) as once
    qualify count(*) over (partition by {{ by }}) = 1
    {%- else %}
    select
        {{ by }},
        {%- for column in others %}
        case when count(*) = 1 then any_value({{ quoted(column) }}) end as {{ quoted(column) }},
        {%- endfor %}
    from (select distinct * from {{ relation }}) as once
    group by {{ by }}
    {%- endif %}
)
{%- endif -%}
{%- endmacro -%}


{#- The keys of a relation that have rows which differ. -#}
{%- macro conflicting_keys(relation, key) -%}
{%- set by = _list([key] if key is string else key) -%}
(
    select {{ by }}
    from (select distinct * from {{ relation }}) as once
    group by {{ by }}
    having count(*) > 1
)
{%- endmacro -%}


{#- Deliveries of the same thing in waves: of every key the rows of the first relation of the list that has it, as a
    whole, empty values included. Columns are matched by name. -#}
{%- macro by_precedence(relations, key) -%}
{%- set keys = [key] if key is string else key -%}
{%- do choose('waves of ' ~ keys | join(', '), relations | join(' before ')) -%}
(
    {%- for relation in relations %}
    {%- if not loop.first %}
    {%- set earlier = relations[:loop.index0] -%}
    {%- do tell(relation, 'rows that ' ~ earlier | join(', ') ~ ' replace',
        'select count(*) from ' ~ relation ~ ' where exists (' ~ known_in(earlier, keys, relation) ~ ')') %}
    union all by name
    {%- endif %}
    select *
    from {{ relation }}
    {%- if not loop.first %}
    where not exists ({{ known_in(relations[:loop.index0], keys, relation) }})
    {%- endif %}
    {%- endfor %}
)
{%- endmacro -%}


{#- A code through a code table (`lookups/<table>.csv` with `from` and `to`): `otherwise` 'keep' leaves a code that the
    table does not have as it is, 'unknown' makes it empty. -#}
{%- macro looked_up(table, code, otherwise='keep') -%}
{%- set found = '(select max(code_table."to") from ' ~ table ~ ' as code_table where code_table."from" = ' ~ code ~ ')' -%}
{{ 'coalesce(' ~ found ~ ', ' ~ code ~ ')' if otherwise == 'keep' else found }}
{%- endmacro -%}


{#- Spells to the value on a day of every year.

    start, end   SQL of the first and the last day as YYYY-MM-DD, such as day_of(fradato, 'yyyymmdd'); an empty end is open
    day          month and day, '01-01' or '10-01'
    first, last  years; otherwise those of the delivery (the last 1 January, for another day the year before it)

    Gives the columns of the relation and `year`. -#}
{%- macro spells_on_day(relation, start, end, day='01-01', first=none, last=none) -%}
{%- do _spells_are_days(relation, start, end) -%}
{%- set low = first or first_year -%}
{%- set high = last or (last_year if day == '01-01' else last_year - 1) -%}
{%- call _years_of_days(day, low, high) %}
        select
            *,
            try_cast({{ start }} as date) as "first day of the spell",
            coalesce(try_cast({{ end }} as date), make_date({{ high }}, 12, 31)) as "last day of the spell",
        from {{ relation }}
{%- endcall %}
{%- endmacro -%}


{#- A row for each year in which a day lies between the first and the last day of a spell, of spells with these two. -#}
{%- macro _years_of_days(day, low, high) -%}
(
    select
        * exclude ("first day of the spell", "last day of the spell"),
        unnest(generate_series(
            greatest({{ low }}, year("first day of the spell") + cast(strftime("first day of the spell", '%m-%d') > '{{ day }}' as integer)),
            least({{ high }}, year("last day of the spell") - cast(strftime("last day of the spell", '%m-%d') < '{{ day }}' as integer))
        )) as year,
    from (
        {{ caller() }}
    ) as days
)
{%- endmacro -%}


{#- Refuses where the start of a spell, or an end that is filled, is not a day: the spell would be lost unseen. -#}
{%- macro _spells_are_days(relation, start, end) -%}
{%- do refuse_if(relation, 'spells whose start is empty or not a day',
    'select count(*) from ' ~ relation ~ ' where try_cast(' ~ start ~ ' as date) is null') -%}
{%- do refuse_if(relation, 'spells whose end is not a day',
    'select count(*) from ' ~ relation ~ ' where ' ~ end ~ ' is not null and try_cast(' ~ end ~ ' as date) is null') -%}
{%- do tell(relation, 'spells that end before they begin, and count on no day',
    'select count(*) from ' ~ relation ~ ' where try_cast(' ~ end ~ ' as date) < try_cast(' ~ start ~ ' as date)') -%}
{%- endmacro -%}


{#- The last value up to a day of every year, of rows that count until the next one of the same person.

    start   SQL of the day from which a row counts, as YYYY-MM-DD
    day     month and day, '10-01'

    Gives the columns of the relation and `year`. -#}
{%- macro latest_on_day(relation, start, day='01-01', first=none, last=none) -%}
{%- set low = first or first_year -%}
{%- set high = last or (last_year if day == '01-01' else last_year - 1) -%}
{%- do refuse_if(relation, 'rows whose start is empty or not a day',
    'select count(*) from ' ~ relation ~ ' where try_cast(' ~ start ~ ' as date) is null') -%}
{%- do refuse_if(relation, 'persons with rows that begin on one day and differ',
    'select count(*) from (select personid from (select distinct * from ' ~ relation ~ ') group by personid, ' ~ start
    ~ ' having count(*) > 1)') -%}
{%- call _years_of_days(day, low, high) %}
        select
            spells.*,
            try_cast({{ start }} as date) as "first day of the spell",
            coalesce(
                lead(try_cast({{ start }} as date)) over (
                    partition by personid order by try_cast({{ start }} as date)
                ) - 1,
                make_date({{ high }}, 12, 31)
            ) as "last day of the spell",
        from (select distinct * from {{ relation }}) as spells
{%- endcall %}
{%- endmacro -%}


{#- Spells to months: one row for each person, month and value of `keep`, also where spells overlap.

    start, end   SQL of the first and the last month as YYYYMM, or of days in them as YYYYMMDD or YYYY-MM-DD; an empty
                 end is open, up to the end of the delivery
    keep         columns to take along

    Gives personid, `keep`, year and month. -#}
{%- macro spells_to_months(relation, start, end, keep) -%}
{%- set is_month = "coalesce(month_of(%s) between 1 and 12, false)" -%}
{%- set month = "make_date(year_of(%s), month_of(%s), 1)" -%}
{%- do refuse_if(relation, 'spells whose first month is empty or not YYYYMM (or a day in it)',
    'select count(*) from ' ~ relation ~ ' where not ' ~ is_month | format(start)) -%}
{%- do refuse_if(relation, 'spells whose last month is not YYYYMM (or a day in it)',
    'select count(*) from ' ~ relation ~ ' where ' ~ end ~ ' is not null and not ' ~ is_month | format(end)) -%}
{%- do tell(relation, 'spells that end before they begin, and count in no month',
    'select count(*) from ' ~ relation ~ ' where ' ~ month | format(end, end) ~ ' < ' ~ month | format(start, start)) -%}
(
    select distinct
        personid,
        {%- for column in keep %}
        {{ quoted(column) }},
        {%- endfor %}
        year("day in the month") as year,
        month("day in the month") as month,
    from (
        select
            *,
            unnest(generate_series(
                greatest(make_date({{ first_year }}, 1, 1), {{ month | format(start, start) }}),
                least(
                    make_date({{ last_year }} - 1, 12, 1),
                    coalesce({{ month | format(end, end) }}, make_date({{ last_year }} - 1, 12, 1))
                ),
                interval 1 month
            )) as "day in the month",
        from {{ relation }}
    ) as months
)
{%- endmacro -%}


{#- Emigrations and immigrations inferred from the status on two 1 Januaries in a row: 1 then 3 is an emigration, 3 then
    1 an immigration. No other change makes an event. They are marked `er_avledet`: no registration date, and a basis that
    is never known.

    relation   personid, year and statuskode, one row for each person and year
    date       SQL of the date of the status as YYYY-MM-DD, of the second 1 January, where it is known; otherwise 31 December
               before it

    Gives personid, hendelse, flyttedato, fra_land, til_land, er_avledet, flyttedato_presisjon. -#}
{%- macro events_from_status(relation, date='null') -%}
{%- do _needs(relation, ['personid', 'year', 'statuskode']) -%}
{%- do choose('events', 'inferred from the status on two 1 Januaries in a row (1 then 3, 3 then 1); country unknown; date: '
    ~ ('that of the status where there is one, else 31 December before' if date != 'null' else '31 December before')) -%}
(
    select
        later.personid,
        case later.statuskode when '3' then 'utvandring' else 'innvandring' end as hendelse,
        coalesce(later.status_day, cast(later.january - 1 as varchar) || '-12-31') as flyttedato,
        case later.statuskode when '1' then '990' end as fra_land,
        case later.statuskode when '3' then '990' end as til_land,
        'true' as er_avledet,
        case when later.status_day is null then 'maaned' else 'dag' end as flyttedato_presisjon,
    from (
        select
            personid,
            try_cast(year as integer) as january,
            cast(statuskode as varchar) as statuskode,
            cast({{ date }} as varchar) as status_day,
        from {{ relation }}
    ) as later
    inner join (
        select personid, try_cast(year as integer) as january, cast(statuskode as varchar) as statuskode from {{ relation }}
    ) as earlier on later.personid = earlier.personid and later.january = earlier.january + 1
    where (earlier.statuskode = '1' and later.statuskode = '3') or (earlier.statuskode = '3' and later.statuskode = '1')
)
{%- endmacro -%}


{#- Moves within Norway inferred from the municipality on two 1 Januaries in a row of a resident; a code that was only
    replaced by another that year is no move. Dated 31 December, and marked `er_avledet`.

    relation   personid, year, statuskode and kommnr (four digits), one row for each person and year -#}
{%- macro events_from_municipality(relation) -%}
{%- do _needs(relation, ['personid', 'year', 'statuskode', 'kommnr']) -%}
{%- do choose('moves within Norway', 'inferred from the municipality on two 1 Januaries in a row; date: 31 December between') -%}
(
    select
        later.personid,
        'innenlands' as hendelse,
        cast(later.january - 1 as varchar) || '-12-31' as flyttedato,
        earlier.kommnr as fra_kommnr,
        later.kommnr as til_kommnr,
        'true' as er_avledet,
        'maaned' as flyttedato_presisjon,
    from (
        select personid, try_cast(year as integer) as january, cast(statuskode as varchar) as statuskode, kommnr
        from {{ relation }}
    ) as later
    inner join (
        select personid, try_cast(year as integer) as january, cast(statuskode as varchar) as statuskode, kommnr
        from {{ relation }}
    ) as earlier on later.personid = earlier.personid and later.january = earlier.january + 1
    where later.statuskode = '1'
        and earlier.statuskode = '1'
        and earlier.kommnr <> later.kommnr
        and earlier.kommnr not in ('0000', '9999')
        and later.kommnr not in ('0000', '9999')
        and not exists (
            select 1
            from municipality_reform as reform
            where reform.old_code = earlier.kommnr
                and reform.new_code = later.kommnr
                and year(try_cast(reform.changed_on as date)) in (later.january - 1, later.january)
        )
)
{%- endmacro -%}
