-- Functions of one value, for the queries of an import. Every value is text, empty is NULL.
--
-- A function gives a value that it does not understand back as it is, so that the check of the written register
-- counts it and refuses: what is not understood never becomes empty, and never another value.
-- Each ends with a semicolon at the end of a line.

-- Codes whose zeros at the front were lost: padded('301', 4) is '0301'.
create macro padded(code, width) as
    case
        when regexp_full_match(cast(code as varchar), '[0-9]+') and length(cast(code as varchar)) < width
            then lpad(cast(code as varchar), width, '0')
        else cast(code as varchar)
    end;

-- A country in three digits, whatever it was: 0 and 0000 are '000', 0139 is '139', 999 (not stated) is '990'.
create macro country_code(code) as
    case
        when code in ('999', '0999', '990', '0990') then '990'
        when regexp_full_match(cast(code as varchar), '0[0-9]{3}') then substr(cast(code as varchar), 2)
        else padded(code, 3)
    end;

-- An industry with its point: industry_code('47111') is '47.111'.
create macro industry_code(code) as
    case
        when regexp_full_match(cast(code as varchar), '[0-9]{3,5}')
            then substr(cast(code as varchar), 1, 2) || '.' || substr(cast(code as varchar), 3)
        else cast(code as varchar)
    end;

-- A month (YYYYMM) as a day (YYYY-MM-DD), by a rule: 'first', 'middle' (the 15th) or 'last'.
create macro day_of_month(month, rule) as
    case
        when not regexp_full_match(cast(month as varchar), '[0-9]{4}(0[1-9]|1[0-2])') then cast(month as varchar)
        when rule = 'first' then left(cast(month as varchar), 4) || '-' || right(cast(month as varchar), 2) || '-01'
        when rule in ('middle', '15')
            then left(cast(month as varchar), 4) || '-' || right(cast(month as varchar), 2) || '-15'
        when rule = 'last'
            then cast(
                last_day(
                    make_date(
                        try_cast(left(cast(month as varchar), 4) as integer),
                        try_cast(right(cast(month as varchar), 2) as integer),
                        1
                    )
                ) as varchar
            )
        else 'no rule ' || rule
    end;

-- A first immigration known to the month: 'YYYYMM00', as the contract keeps it.
create macro day_unknown(month) as
    case
        when regexp_full_match(cast(month as varchar), '[0-9]{4}(0[1-9]|1[0-2])') then cast(month as varchar) || '00'
        else cast(month as varchar)
    end;

-- A day as YYYY-MM-DD, read by its form: 'yyyymmdd', 'ddmmyyyy', 'dd.mm.yyyy', 'dd/mm/yyyy', 'yyyy-mm-dd'.
create macro day_of(value, form) as
    case
        when form in ('yyyymmdd', 'yyyy-mm-dd') and regexp_full_match(cast(value as varchar), '[0-9]{4}-?[0-9]{2}-?[0-9]{2}')
            then coalesce(
                cast(
                    try_cast(
                        regexp_replace(cast(value as varchar), '([0-9]{4})-?([0-9]{2})-?([0-9]{2})', '\1-\2-\3') as date
                    ) as varchar
                ),
                cast(value as varchar)
            )
        when form in ('ddmmyyyy', 'dd.mm.yyyy', 'dd/mm/yyyy')
            and regexp_full_match(cast(value as varchar), '[0-9]{2}[./]?[0-9]{2}[./]?[0-9]{4}')
            then coalesce(
                cast(
                    try_cast(
                        regexp_replace(cast(value as varchar), '([0-9]{2})[./]?([0-9]{2})[./]?([0-9]{4})', '\3-\2-\1') as date
                    ) as varchar
                ),
                cast(value as varchar)
            )
        else cast(value as varchar)
    end;

-- A day counted from another: day_after('2010-07-15', '30') is '2010-08-14'; for dates given as offsets.
create macro day_after(day, days) as
    coalesce(cast(try_cast(day as date) + try_cast(try_cast(days as double) as integer) as varchar), cast(days as varchar));

-- A day without its signs, as forstdato has it: '2010-07-15' is '20100715'.
create macro day_as_number(day) as
    case
        when regexp_full_match(cast(day as varchar), '[0-9]{4}-[0-9]{2}-[0-9]{2}') then replace(cast(day as varchar), '-', '')
        else cast(day as varchar)
    end;

-- The year of a day or month in any of these forms, as a number; NULL of anything else.
create macro year_of(value) as
    case
        when regexp_full_match(cast(value as varchar), '[0-9]{4}(-?[0-9]{2}(-?[0-9]{2})?)?')
            then try_cast(left(cast(value as varchar), 4) as integer)
    end;

-- The month of a day or month, as a number.
create macro month_of(value) as
    case
        when regexp_full_match(cast(value as varchar), '[0-9]{4}-?[0-9]{2}(-?[0-9]{2})?')
            then try_cast(substr(replace(cast(value as varchar), '-', ''), 5, 2) as integer)
    end;

-- The month of a day, with its year: '2010-07-15' is '201007'.
create macro year_and_month(value) as
    case
        when regexp_full_match(cast(value as varchar), '[0-9]{4}-?[0-9]{2}-?[0-9]{2}')
            then left(replace(cast(value as varchar), '-', ''), 6)
        else cast(value as varchar)
    end;

-- A year of two digits in full: '86' is '1986', '18' is '2018'; from 50 on the twentieth century.
create macro full_year(year) as
    case
        when not regexp_full_match(cast(year as varchar), '[0-9]{1,2}') then cast(year as varchar)
        when try_cast(year as integer) >= 50 then cast(1900 + try_cast(year as integer) as varchar)
        else cast(2000 + try_cast(year as integer) as varchar)
    end;

-- The 1 January after a status on 31 December: the year after.
create macro january_after(year) as
    coalesce(cast(try_cast(year as integer) + 1 as varchar), cast(year as varchar));

-- The month that a number counts from a first month: month_number('145', '198901') is '200101'.
create macro month_number(number, first_month) as
    coalesce(
        strftime(
            try_cast(try_strptime(cast(first_month as varchar), '%Y%m') as date)
            + to_months(try_cast(number as integer) - 1),
            '%Y%m'
        ),
        cast(number as varchar)
    );

-- What happened, where two columns say the country: the filled one decides; both filled is refused.
create macro event_from_countries(from_country, to_country) as
    case
        when from_country is not null and to_country is not null then 'both countries are filled'
        when from_country is not null then 'innvandring'
        when to_country is not null then 'utvandring'
    end;

-- A truth from two codes: truth(x, 'J', 'N') is 'true', 'false', or x.
create macro truth(value, yes, no) as
    case cast(value as varchar) when yes then 'true' when no then 'false' else cast(value as varchar) end;
