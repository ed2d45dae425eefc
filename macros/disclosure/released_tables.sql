{#-
    Every released table, declared once: what may leave the secure zone, and what is known of its numbers. From here
    come the counts with zeros, what adds up to what, the tests, the list `release.declared_column`, and with it what the
    export and the report read. A table of the schema `release`, or a column of one, that is not declared here stops the
    build (require_declared_release, docs/disclosure.md).

    Every column is one of
        key         the row; no two rows have the same
        text        says what the row is or how it is shown: names, flags, numbers printed in the report, settings
        counts      of persons, events or rows: missing where small or withheld, else rounded; where they add up to other
                    counts, under the measure in which they do
        ratios      [numerator, denominator] among the counts of the row, times 100
        estimates   rounded, and missing where `withheld_reason` says why
        derived     computed from released numbers and nothing else
    base            a count without which nothing of a row is shown

    Counts that add up to others, of this table or another, are in one system (int_disclosure__withheld) and have
    block       what is judged together: a name and a year. Nothing adds up across blocks
    cells       `of`: the table that is counted, `where`: the rows of it that are; `recoded`: columns of it in coarser groups; `totals`: columns over which
                totals are counted as category all, and of such a column `groups`: codes of further totals, as
                expressions on a row of the table (`source`), NULL where it is in none. Rows: every combination of the
                combinations in `rows`, joined by the columns that they have in common, zeros included; of a combination
                only what is not small `where` that is looked at, unless it is taken `even_if_small`; of the result only
                what `only` says. Where a model counts them by hand, only their `key`
    is_wide     for the largest table: a cell has all measures in a row, and each adds up in the same way
    sums        a total and the parts that are all of it: rows alike in every column of the key but those that the sum is
                `over`. `total` and `parts` are conditions (parts: all others), `where` one on both; `by`: what they
                have in common of the columns summed over; `each`: the parts of each value of that column are all of it.
                A column alone: its category all is the total. Where persons lack a category the parts stay below
    within      the same, where the parts are not all of the total
    formulas    counts of one row, of any measures: total = part + part, or total >= part + part where the parts are not all
                of it. What they leave (residents who did not emigrate) is protected like a count. A wide table has only
                the second kind
    grows_over  a column: what is counted at one value is among what is counted at the next
    same_as     counts, `where` they are looked at, that are of the same persons as one of another table: its `table`,
                `count` and `key` in columns of this one. It is one cell, of the measure that it has there
    lies_in     the same, where not all of its persons may be counted here
-#}
{% macro released_tables() %}
    {#- A study that builds with these macros declares its own (examples/own_study). -#}
    {{ return(adapter.dispatch('released_tables')()) }}
{% endmacro %}


{% macro default__released_tables() %}
{%- set declared %}

mobility_rate:
  key: [outcome_year, region_level, region_code, immigration_background, population, dimension, category]
  text: [outcome_is_provisional, is_suppressed]
  base: residents_n
  is_wide: true
  counts:
    residents_n: [residents_n]
    emigrants_n: [emigrants_n]
    internal_outmigrants_centrality_n: [internal_outmigrants_centrality_n]
    internal_outmigrants_county_n: [internal_outmigrants_county_n]
    deaths_n: [deaths_n]
    unaccounted_n: [unaccounted_n]
  ratios:
    emigration_rate: [emigrants_n, residents_n]
    internal_outmigration_centrality_rate: [internal_outmigrants_centrality_n, residents_n]
    internal_outmigration_county_rate: [internal_outmigrants_county_n, residents_n]
  block: [outcome year, outcome_year]
  cells:
    of: mobility_rate
    rows:
      - columns: [outcome_year, outcome_is_provisional, population, dimension, category]
        where: region_level = 'country' and immigration_background = 'all'
      - {columns: [region_level, region_code], even_if_small: true}
      - {columns: [immigration_background], even_if_small: true}
    # The counties of 2020 and 2024 are not released by year: they are nearly sums of those of 2013 (docs/disclosure.md).
    # By class of centrality, from the first list on, there is everybody only.
    only: >-
      region_level in ('country', 'centrality', 'county')
      or (
        region_level = 'centrality_class' and dimension = 'none'
        and outcome_year >= {{ var('first_year_of_centrality_class') }}
      )
  sums:
    - {over: [dimension, category], each: dimension, total: dimension = 'none', parts: dimension <> 'family_size_type'}
    # The same persons under several names are one cell (int_disclosure__category), which adds up once.
    - {over: [immigration_background], where: is_first_name}
    - {over: [region_level, region_code], where: is_first_name,
       total: region_level = 'country', parts: region_level = 'county'}
    - {over: [region_level, region_code], where: is_first_name,
       total: region_level = 'country', parts: region_level = 'centrality'}
    - {over: [region_level, region_code], where: is_first_name,
       total: region_level = 'country', parts: region_level = 'centrality_class'}
    # Families by size, and of a size by type: all types; immigrants only and mixed; mixed of three kinds.
    - {over: [dimension, category], by: [family_size], total: family_type is null,
       parts: family_type <> 'mixed', where: family_size is not null}
    - {over: [dimension, category], by: [family_size], total: family_type is null,
       parts: "family_type in ('immigrants_only', 'mixed')", where: family_size is not null}
    - {over: [dimension, category], by: [family_size], total: family_type = 'mixed',
       parts: "family_type like 'mixed_%'", where: family_size is not null}
    - {over: [dimension, category], by: [family_type], total: family_size is null,
       where: family_type is not null and family_type <> 'mixed'}
    # It follows from those above, but takes several of them together: who is in a mixed family of three or more is of one
    # of three types, which a reader need not know one by one.
    - {over: [dimension, category], total: dimension = 'none',
       parts: "(dimension = 'family_type' and family_type = 'immigrants_only')
       or (dimension = 'family_size_type' and family_type = 'mixed')"}
  within:
    - {over: [population], total: population = 'all', parts: population = 'age_15_74'}
    - {over: [population], total: population = 'age_15_74', parts: population = 'age_20_35'}
    # All of Oslo is in the most central class.
    - {over: [region_level, region_code], where: is_first_name,
       total: region_level = 'centrality_class' and region_code = '1',
       parts: region_level = 'county' and region_code = '03'}
  formulas:
    - residents_n >= emigrants_n
    - residents_n >= internal_outmigrants_centrality_n
    - residents_n >= internal_outmigrants_county_n
    - residents_n >= emigrants_n + internal_outmigrants_centrality_n + deaths_n + unaccounted_n
    - residents_n >= emigrants_n + internal_outmigrants_county_n + deaths_n + unaccounted_n

county_composition:
  key: [period, county_code, immigration_background]
  text: [county_name, years_n, is_suppressed]
  derived: [mean_residents_n, mean_share_percent]

county_rate:
  key: [period, county_code, immigration_background, outcome]
  text: [county_name, years_n, is_suppressed]
  derived: [mean_rate_percent]

emigration_by_region:
  key: [outcome_year, region_level, region_code, population, immigration_background]
  text: [outcome_is_provisional, is_suppressed]
  base: residents_n
  counts:
    residents_n: [residents_n]
    emigrants_n: [emigrants_n]
    internal_outmigrants_county_n: [internal_outmigrants_n]
    internal_outmigrants_centrality_n: [internal_outmigrants_centrality_n]
    deaths_n: [deaths_n]
  ratios:
    emigration_rate: [emigrants_n, residents_n]
    internal_outmigration_rate: [internal_outmigrants_n, residents_n]
    internal_outmigration_centrality_rate: [internal_outmigrants_centrality_n, residents_n]
  derived: [emigration_rate_four_years_before, internal_outmigration_rate_four_years_before]
  block: [outcome year, outcome_year]
  cells:
    of: emigration_by_region
    rows:
      - columns: [outcome_year, outcome_is_provisional, population, immigration_background]
        where: region_level = 'country'
      - {columns: [region_level, region_code], even_if_small: true}
    only: >-
      (region_level <> 'first_centrality' or population = 'immigrants')
      and (
        region_level in ('country', 'county') or outcome_year <= {{ var('last_outcome_year_in_division_2013') }}
      )
  sums:
    - {over: [population], where: immigration_background = 'all' and region_level <> 'first_centrality'}
    - {over: [region_level, region_code], where: population <> 'immigrants',
       total: region_level = 'country', parts: region_level = 'county'}
    - {over: [region_level, region_code], where: population <> 'immigrants',
       total: region_level = 'country', parts: region_level = 'centrality'}
    # Immigrants of other regions are cells of mobility_rate.
    - {over: [immigration_background], where: region_level = 'first_centrality'}
  formulas:
    - residents_n >= emigrants_n
    - residents_n >= internal_outmigrants_n
    - residents_n >= internal_outmigrants_centrality_n
    - residents_n >= emigrants_n + internal_outmigrants_n + deaths_n
    - residents_n >= emigrants_n + internal_outmigrants_centrality_n + deaths_n

emigration_by_division:
  key: [period, region_level, region_code]
  text: [county_name, is_suppressed]
  base: residents_n
  counts:
    residents_n: [residents_n]
    emigrants_n: [emigrants_n]
  ratios:
    emigration_rate: [emigrants_n, residents_n]
  block: [counties of three divisions, period]
  # Areas are counted so that nobody can work them out; they are not released. Regions of the same areas are one cell.
  cells:
    of: emigration_by_division
    rows:
      - columns:
          [period, region_level, region_code, areas, divided_county, divided_county_2020, divided_county_2024]
        even_if_small: true
  same_as:
    - {table: emigration_by_division, count: residents_n, where: item = 'residents_n', key: [period, "'area'", areas]}
    - {table: emigration_by_division, count: emigrants_n, where: item = 'emigrants_n', key: [period, "'area'", areas]}
  sums:
    - {over: [region_level, region_code], by: [divided_county], where: divided_county is not null,
       total: region_level = 'county', parts: region_level = 'area'}
    - {over: [region_level, region_code], by: [divided_county_2020], where: divided_county_2020 is not null,
       total: region_level = 'county_2020', parts: region_level = 'area'}
    - {over: [region_level, region_code], by: [divided_county_2024], where: divided_county_2024 is not null,
       total: region_level = 'county_2024', parts: region_level = 'area'}
  formulas:
    - residents_n >= emigrants_n

migration_flow:
  key: [outcome_year, region_level, from_region, to_region, dimension, category]
  text: [is_suppressed]
  counts:
    persons_n: [persons_n]
  block: [outcome year, outcome_year]
  # Regions are codes of digits. What a region is on neither side of is left out. Municipalities, classes and categories
  # are not released: nearly all of it is small, and migration_balance has the sums by background.
  cells:
    of: migration_flow
    where: region_level in ('county', 'centrality') and dimension = 'none'
    totals: [from_region, to_region]
    groups:
      from_region:
        - "case when source.from_region like 'abroad:%' then 'abroad' end"
        - "case when source.from_region similar to '[0-9]+' and source.to_region similar to '[0-9]+'
           and source.from_region <> source.to_region then 'other_region' end"
      to_region:
        - "case when source.to_region like 'abroad:%' then 'abroad' end"
        - "case when source.from_region similar to '[0-9]+' and source.to_region similar to '[0-9]+'
           and source.from_region <> source.to_region then 'other_region' end"
    rows:
      - {columns: [outcome_year, region_level, dimension, category], even_if_small: true}
      - {columns: [region_level, from_region], even_if_small: true}
      - {columns: [region_level, to_region], even_if_small: true}
    only: from_region similar to '[0-9]+' or to_region similar to '[0-9]+'
  sums:
    - over: [to_region]
      where: "from_region similar to '[0-9]+'"
      total: to_region = 'all'
      parts: to_region in (from_region, 'other_region', 'unknown', 'abroad', 'death', 'unaccounted')
    - over: [to_region]
      where: "from_region similar to '[0-9]+'"
      total: to_region = 'other_region'
      parts: "to_region similar to '[0-9]+' and to_region <> from_region"
    - over: [to_region]
      where: "from_region similar to '[0-9]+'"
      total: to_region = 'abroad'
      parts: to_region like 'abroad:%'
    - over: [from_region]
      where: "to_region similar to '[0-9]+'"
      total: from_region = 'all'
      parts: from_region in (to_region, 'other_region', 'unknown', 'abroad', 'birth', 'unaccounted')
    - over: [from_region]
      where: "to_region similar to '[0-9]+'"
      total: from_region = 'other_region'
      parts: "from_region similar to '[0-9]+' and from_region <> to_region"
    - over: [from_region]
      where: "to_region similar to '[0-9]+'"
      total: from_region = 'abroad'
      parts: from_region like 'abroad:%'
  # Svalbard and the other territories, of two digits, are the same on the ladder of centrality as among the counties.
  same_as:
    - {table: emigration_by_region, count: residents_n, where: to_region = 'all',
       key: &region [outcome_year, "if(length(from_region) = 2, 'county', region_level)", from_region, "'all'", "'all'"]}
    - {table: emigration_by_region, count: emigrants_n, where: to_region = 'abroad', key: *region}
    - {table: emigration_by_region, count: deaths_n, where: to_region = 'death', key: *region}
    - {table: emigration_by_region, count: internal_outmigrants_centrality_n,
       where: "to_region = 'other_region' and length(from_region) = 1", key: *region}
    - {table: migration_flow, count: persons_n,
       where: "region_level = 'centrality' and (from_region in ('21', '22', '23') and to_region not similar to '[1-4]'
         or to_region in ('21', '22', '23') and from_region not similar to '[1-4]')",
       key: [outcome_year, "'county'", from_region, to_region, dimension, category]}
  lies_in:
    # Not who left another county by the division of the year and is in the same one of 2013.
    - {table: emigration_by_region, count: internal_outmigrants_n, key: *region,
       where: "to_region = 'other_region' and length(from_region) = 2 and region_level = 'county'"}

migration_balance:
  key: [outcome_year, region_level, region_code, dimension, category]
  text: [is_suppressed]
  base: residents_n
  counts:
    residents_n: [residents_n]
    emigrants_n: [emigrants_n]
    persons_n: [internal_outmigrants_n, arrivals_from_abroad_n, internal_inmigrants_n]
  derived: [net_migration_rate, emigration_share_of_leavers]
  block: [outcome year, outcome_year]
  cells:
    of: migration_balance
    where: >-
      region_level in ('county', 'centrality') and region_code not in ('21', '22', '23')
      and dimension in ('none', 'immigration_background')
    rows:
      - {columns: [outcome_year, dimension, category], where: region_level = 'county'}
      - {columns: [outcome_year, region_level], even_if_small: true}
      - {columns: [region_level, region_code], even_if_small: true}
  # Backgrounds of immigrants, descendants and natives are everybody.
  sums:
    - {over: [dimension, category], total: dimension = 'none'}
  formulas:
    - residents_n >= emigrants_n + internal_outmigrants_n
  same_as:
    - {table: emigration_by_region, count: residents_n, where: "item = 'residents_n'",
       key: &population [outcome_year, region_level, region_code,
         "case category when 'all' then 'all' when 'descendant' then 'children_of_immigrants' when 'native' then 'others'
           else 'immigrants' end",
         "if(category in ('descendant', 'native'), 'all', category)"]}
    - {table: emigration_by_region, count: emigrants_n, where: "item = 'emigrants_n'", key: *population}
    - {table: emigration_by_region, count: internal_outmigrants_centrality_n, key: *population,
       where: "item = 'internal_outmigrants_n' and region_level = 'centrality'"}
    - {table: migration_flow, count: persons_n, where: "item = 'internal_outmigrants_n' and dimension = 'none'",
       key: [outcome_year, region_level, region_code, "'other_region'", dimension, category]}
    - {table: migration_flow, count: persons_n, where: "item = 'arrivals_from_abroad_n' and dimension = 'none'",
       key: [outcome_year, region_level, "'abroad'", region_code, dimension, category]}
    - {table: migration_flow, count: persons_n, where: "item = 'internal_inmigrants_n' and dimension = 'none'",
       key: [outcome_year, region_level, "'other_region'", region_code, dimension, category]}
  lies_in:
    - {table: emigration_by_region, count: internal_outmigrants_n, key: *population,
       where: "item = 'internal_outmigrants_n' and region_level = 'county' and dimension <> 'none'"}

mover_profile:
  key: [outcome_year, region_code, destination, dimension, category]
  text: [is_suppressed]
  counts:
    persons_n: [persons_n]
  derived: [share, persons_four_years_before_n, share_four_years_before]
  block: [outcome year, outcome_year]
  # By characteristics whose counts are tied to those of other tables: the others would say more than both show.
  cells:
    of: mover_profile
    where: >-
      region_level = 'county' and destination <> 'all'
      and dimension in ('none', 'age_group', 'income_group', 'education_group', 'family_type')
    rows:
      - {columns: [outcome_year, destination, dimension, category]}
      - {columns: [region_code], even_if_small: true}
  sums:
    - {over: [dimension, category], each: dimension, total: dimension = 'none'}
  same_as:
    - {table: emigration_by_region, count: emigrants_n, where: destination = 'abroad' and dimension = 'none',
       key: &county_of_movers [outcome_year, "'county'", region_code, "'all'", "'all'"]}
    - {table: emigration_by_region, count: internal_outmigrants_n, where: destination = 'elsewhere' and dimension = 'none',
       key: *county_of_movers}
    # Who is under 15 has no education and no income.
    - {table: child_emigration, count: emigrants_n,
       where: "destination = 'abroad' and (dimension = 'age_group' and category <> 'missing' or category = 'under_15')",
       key: [outcome_year, "'all'", "if(category = 'under_15', '0-14', category)", region_code]}
    - {table: mover_profile, count: persons_n, where: "destination = 'elsewhere' and category = 'under_15'",
       key: [outcome_year, region_code, destination, "'age_group'", "'0-14'"]}

child_emigration:
  key: [outcome_year, population, age_group, county_code]
  text: [outcome_is_provisional, is_suppressed]
  base: residents_n
  counts:
    residents_n: [residents_n]
    emigrants_n: [emigrants_n]
  ratios:
    emigration_rate: [emigrants_n, residents_n]
  block: [outcome year, outcome_year]
  # Everybody as a total. By county the age groups of the report and who is outside them, so that immigrants of them are
  # cells of mobility_rate; the narrow ages of children and of the oldest in the whole country.
  cells:
    of: child_emigration
    where: age_group <> '18-24'
    totals: [population]
    rows:
      - {columns: [outcome_year, population, age_group], where: county_code = '0'}
      - {columns: [outcome_year, county_code], even_if_small: true}
    only: >-
      age_group in ('all', '0-14', '15-24', '25-35', '36-61', '62-74', '75+')
      or (county_code = '0' and age_group in ('0-5', '6-14', '15-17', '0-17', '75-84', '85+'))
  # Who is not in the person register is of no age, which leaves the parts below all.
  sums:
    - {over: [population]}
    - {over: [county_code], total: county_code = '0', where: "age_group in ('all', '0-14', '15-24', '25-35', '36-61', '62-74', '75+')"}
    - {over: [age_group], total: age_group = 'all', parts: "age_group in ('0-14', '15-24', '25-35', '36-61', '62-74', '75+')"}
    - {over: [age_group], where: county_code = '0', total: age_group = '0-14', parts: "age_group in ('0-5', '6-14')"}
    - {over: [age_group], where: county_code = '0', total: age_group = '0-17', parts: "age_group in ('0-14', '15-17')"}
    - {over: [age_group], where: county_code = '0', total: age_group = '75+', parts: "age_group in ('75-84', '85+')"}
  within:
    - {over: [age_group], where: county_code = '0', total: age_group = '15-24', parts: age_group = '15-17'}
  formulas:
    - residents_n >= emigrants_n
  same_as:
    - {table: emigration_by_region, count: residents_n, where: "item = 'residents_n' and age_group = 'all'",
       key: &of_all_ages [outcome_year, "if(county_code = '0', 'country', 'county')", county_code,
         "case population when 'immigrant' then 'immigrants' when 'descendant' then 'children_of_immigrants'
           when 'native' then 'others' else 'all' end", "'all'"]}
    - {table: emigration_by_region, count: emigrants_n, where: "item = 'emigrants_n' and age_group = 'all'",
       key: *of_all_ages}
    - {table: descendant_emigration_rate, count: residents_n, key: &of_children [outcome_year, population, "'age_group'", age_group],
       where: "item = 'residents_n' and population = 'descendant' and age_group = '0-17' and county_code = '0'"}
    - {table: descendant_emigration_rate, count: emigrants_n, key: *of_children,
       where: "item = 'emigrants_n' and population = 'descendant' and age_group = '0-17' and county_code = '0'"}

descendant_emigration_rate:
  key: [outcome_year, immigrant_group, dimension, category]
  text: [outcome_is_provisional, is_suppressed]
  base: residents_n
  counts:
    residents_n: [residents_n, never_emigrated_n]
    emigrants_n:
      - emigrants_n
      - first_emigrants_n
      - emigrants_parents_country_n
      - emigrants_nordic_n
      - emigrants_western_n
      - emigrants_other_n
      - emigrants_unknown_n
    deaths_n: [deaths_n]
  ratios:
    emigration_rate: [emigrants_n, residents_n]
    first_emigration_rate: [first_emigrants_n, never_emigrated_n]
  block: [outcome year, outcome_year]
  cells:
    of: descendant_emigration_rate
    rows:
      - {columns: [outcome_year, outcome_is_provisional, immigrant_group], where: dimension = 'none'}
      - {columns: [immigrant_group, dimension, category]}
  sums:
    - {over: [dimension, category], each: dimension, total: dimension = 'none'}
  formulas:
    - emigrants_n = emigrants_parents_country_n + emigrants_nordic_n + emigrants_western_n + emigrants_other_n
      + emigrants_unknown_n
    - residents_n >= never_emigrated_n
    - residents_n >= emigrants_n
    - residents_n >= emigrants_n + deaths_n
    - never_emigrated_n >= first_emigrants_n
    - emigrants_n >= first_emigrants_n

descendant_incidence:
  key: [immigrant_group, dimension, category, age, event]
  text: [withheld_reason]
  estimates: [estimate, std_error, conf_low, conf_high]

immigration_survival:
  key: [transition, cohort, dimension, category, years_since, event]
  text: [withheld_reason]
  base: persons_n
  counts:
    persons_n: [persons_n, events_n]
  estimates: [estimate, std_error, conf_low, conf_high]
  # Counted in int_disclosure__survival_cell: each event is an item.
  cells: {key: [transition, cohort, dimension, category, years_since]}
  sums:
    - {over: [dimension, category], each: dimension, total: dimension = 'none'}
    - {over: [cohort]}
  grows_over: years_since

former_resident:
  key: [reference_year, immigrant_group, destination_group, years_since_leaving]
  text: [is_suppressed]
  counts:
    persons_n: [persons_n]
  block: [abroad, reference_year]
  # Origins are not released: with them most counts would be small.
  cells:
    of: former_resident
    recoded:
      years_since_leaving: >-
        case
            when years_since_leaving <= 1 then '0-1'
            when years_since_leaving <= 4 then '2-4'
            when years_since_leaving <= 9 then '5-9'
            else '10+'
        end
    totals: [immigrant_group, destination_group, years_since_leaving]
    rows:
      - {columns: [reference_year], even_if_small: true}
      - {columns: [immigrant_group]}
      - {columns: [destination_group]}
      - {columns: [years_since_leaving]}
  sums:
    - {over: [immigrant_group]}
    - {over: [destination_group]}
    - {over: [years_since_leaving]}

presence_rate:
  key: [base_year, dimension, category]
  text: [is_suppressed]
  base: residents_n
  counts:
    residents_n:
      - residents_n
      - with_job_n
      - with_education_activity_n
      - with_jobseeker_registration_n
      - with_occupational_income_n
      - with_move_n
      - silent_1_year_n
      - silent_2_years_n
      - silent_3_years_n
  ratios:
    silent_1_year_rate: [silent_1_year_n, residents_n]
    silent_2_years_rate: [silent_2_years_n, residents_n]
    silent_3_years_rate: [silent_3_years_n, residents_n]
  block: [outcome year, base_year + 1]
  cells:
    of: presence_rate
    rows:
      - {columns: [base_year], where: dimension = 'immigrant_group' and category = 'all'}
      - {columns: [dimension, category]}
  sums:
    - {over: [category], where: dimension = 'immigrant_group'}
    # Origin and background are those of the immigrants among the residents.
    - {over: [dimension, category], each: dimension, total: dimension = 'immigrant_group' and category = 'immigrant',
       parts: dimension <> 'immigrant_group'}
  formulas:
    - residents_n >= with_job_n
    - residents_n >= with_education_activity_n
    - residents_n >= with_jobseeker_registration_n
    - residents_n >= with_occupational_income_n
    - residents_n >= with_move_n
    - residents_n >= silent_1_year_n
    - silent_1_year_n >= silent_2_years_n
    - silent_2_years_n >= silent_3_years_n

emigration_rate_by_basis:
  key: [outcome_year, dimension, category]
  text: [outcome_is_provisional, is_suppressed]
  base: residents_n
  counts:
    residents_n: [residents_n, residents_activity_n]
    emigrants_n: [emigrants_n, administrative_n, unknown_basis_n, emigrants_activity_n]
  ratios:
    administrative_share: [administrative_n, emigrants_n]
    emigration_rate_registered: [emigrants_n, residents_n]
    emigration_rate_without_administrative: [emigrants_n - administrative_n, residents_n - administrative_n]
    emigration_rate_activity_dated: [emigrants_activity_n, residents_activity_n]
  block: [outcome year, outcome_year]
  cells:
    of: emigration_rate_by_basis
    rows:
      - {columns: [outcome_year, outcome_is_provisional], where: dimension = 'none'}
      - {columns: [dimension, category]}
  sums:
    - {over: [dimension, category], each: dimension, total: dimension = 'none'}
  formulas:
    - emigrants_n >= administrative_n + unknown_basis_n
    - residents_n >= emigrants_n
    - residents_n >= residents_activity_n
    - residents_activity_n >= emigrants_activity_n

emigration_by_origin:
  key: [outcome_year, country_group, country_of_birth, entry_period, dimension, category]
  text: [outcome_is_provisional, is_suppressed]
  base: residents_n
  counts:
    residents_n: [residents_n, judged_n, overcoverage_n]
    emigrants_n: [emigrants_n, administrative_n, unknown_basis_n]
  ratios:
    emigration_rate: [emigrants_n, residents_n]
    administrative_share: [administrative_n, emigrants_n]
    overcoverage_rate: [overcoverage_n, judged_n]
  block: [outcome year, outcome_year]
  # Years of entry and backgrounds are not released: nearly all of it is small, or nearly the sum of what is shown.
  cells:
    of: emigration_by_origin
    where: dimension in ('none', 'county')
    rows:
      - {columns: [country_group, country_of_birth, entry_period, dimension, category]}
      - {columns: [outcome_year, outcome_is_provisional], even_if_small: true}
  sums:
    - {over: [country_group, country_of_birth], total: country_group = 'all', parts: country_of_birth = 'all'}
    - {over: [country_of_birth], where: country_group <> 'all'}
    - {over: [dimension, category], total: dimension = 'none',
       where: country_of_birth = 'all' and entry_period = 'all'}
  # Of the EEA by entry: who was not born there, or whose first immigration is not known, is in neither.
  within:
    - {over: [entry_period]}
  formulas:
    - residents_n >= emigrants_n
    - residents_n >= judged_n
    - judged_n >= overcoverage_n
    - emigrants_n >= administrative_n + unknown_basis_n
  same_as:
    - {table: emigration_rate_by_basis, count: residents_n, where: "item = 'residents_n' and dimension = 'none'
         and country_of_birth = 'all' and entry_period = 'all'",
       key: &group_of_countries [outcome_year, "if(country_group = 'all', 'none', 'origin_group')", country_group]}
    - {table: emigration_rate_by_basis, count: emigrants_n, where: "item = 'emigrants_n' and dimension = 'none'
         and country_of_birth = 'all' and entry_period = 'all'", key: *group_of_countries}
    - {table: emigration_rate_by_basis, count: administrative_n, where: "item = 'administrative_n'
         and dimension = 'none' and country_of_birth = 'all' and entry_period = 'all'", key: *group_of_countries}
    - {table: emigration_rate_by_basis, count: unknown_basis_n, where: "item = 'unknown_basis_n'
         and dimension = 'none' and country_of_birth = 'all' and entry_period = 'all'", key: *group_of_countries}
    # Immigrants of a county, and those born in the Nordic countries, who are one of the backgrounds.
    - {table: emigration_by_region, count: residents_n,
       where: "item = 'residents_n' and dimension = 'county' and country_group in ('all', 'nordic')",
       key: &county_of_immigrants [outcome_year, "'county'", category, "'immigrants'", country_group]}
    - {table: emigration_by_region, count: emigrants_n,
       where: "item = 'emigrants_n' and dimension = 'county' and country_group in ('all', 'nordic')",
       key: *county_of_immigrants}

registration_lag:
  key: [event_year, event_type, emigration_basis, lag_group]
  text: [is_suppressed]
  counts:
    persons_n: [events_n]
  derived: [events_share]
  block: [registration, event_year]
  cells:
    of: registration_lag
    totals: [lag_group]
    rows:
      - {columns: [event_year, event_type]}
      - {columns: [event_type, emigration_basis], where: lag_group = 'all'}
      - {columns: [event_type, lag_group], where: emigration_basis = 'all'}
  sums:
    - {over: [lag_group]}
    - {over: [emigration_basis]}

emigration_revision:
  key: [basis, event_year, development_year]
  text: [is_latest, is_suppressed]
  counts:
    persons_n: [emigrations_n]
  derived: [revision_factor, completion_factor, expected_n]
  block: [registration, event_year]
  cells:
    of: emigration_revision
    rows:
      - {columns: [basis, event_year, development_year], even_if_small: true}
  grows_over: development_year

stated_number:
  key: [statistic_id]
  text: [mart, statistic, relation, stated_value, unit, source, is_suppressed, is_simulated]
  counts:
    persons_n: [base_n]
  derived: [warehouse_value]
  # Counted in int_disclosure__stated_cell.
  cells: {key: [statistic_id]}
  formulas:
    - persons_n >= left_n

linear_probability:
  key: [base_year, spec, scope_type, scope_code, outcome, term]
  text: [withheld_reason, table_id, published_estimate, published_t_value, published_n_obs, calibration_use]
  counts: [n_obs]
  estimates: [estimate, std_error, statistic, p_value, conf_low, conf_high, std_error_hc1, standardised_difference]

trinomial_logit:
  key: [base_year, model_type, centrality_level, sex, equation, term]
  text: [withheld_reason, table_id, published_estimate, published_t_value, calibration_use]
  counts: [n_obs]
  estimates: [estimate, std_error, statistic, p_value, conf_low, conf_high, std_error_hc1, standardised_difference]

trinomial_logit_difference:
  key: [base_year, model_type, centrality_level, sex, varied_dimension, comparison, outcome]
  text: [withheld_reason, table_id, published_estimate, published_t_value, published_note]
  counts: [n_obs]
  estimates: [estimate, std_error, statistic, p_value, conf_low, conf_high, standardised_difference]

trinomial_logit_fit:
  key: [base_year, model_type, centrality_level, sex]
  text:
    - administrative_emigrations
    - n_iterations
    - converged
    - withheld_reason
    - table_id
    - published_n_obs
    - published_log_likelihood
    - published_schwarz_bic
    - published_scaled_r2
  counts: [n_obs]
  estimates: [log_likelihood, log_likelihood_null, schwarz_bic, scaled_r2]

rate_decomposition:
  key: [outcome_year, comparison, compared, reference, outcome, method, component, term]
  text: [withheld_reason]
  estimates: [contribution, std_error]

rate_decomposition_fit:
  key: [outcome_year, comparison, compared, reference, outcome, method]
  text: [withheld_reason]
  counts: [persons_n, events_n, reference_persons_n, reference_events_n]
  ratios:
    compared_rate: [events_n, persons_n]
    reference_rate: [reference_events_n, reference_persons_n]
  estimates: [composition, composition_std_error, composition_share_std_error]
  derived: [rate, composition_share, composition_share_conf_low, composition_share_conf_high]

reproduction:
  key: [table_id]
  # Cells of printed tables, not persons.
  derived:
    - cells_n
    - fitted_n
    - released_n
    - covered_n
    - misprinted_n
    - held_out_n
    - held_out_covered_n
    - largest_standardised_difference
    - largest_difference
    - covered_share

finding:
  key: [finding_id]
  text: [section, statement, statement_nb, verdict]
  # Comparisons of released rates, not persons.
  derived: [comparisons_n, holding_n, failing_n, withheld_n]

quality_count:
  key: [quality_check, calendar_year, category]
  text: [is_suppressed]
  counts: [affected_n, total_n]
  ratios:
    affected_percent: [affected_n, total_n]

delivery:
  key: [register, period]
  text: [delivery_id, produced_at, received_at, program_version, is_simulated, import_choices, version]
  counts: [rows_n]

citation:
  key: [language]
  text: [program_version, deliveries, received_at, is_simulated, population, definitions, cite_as]

disclosure_rule:
  key: [rule]
  text: [value, description]

declared_column:
  key: [table_name, column_name]
  text: [role, kind]
{% endset %}
{{ return(fromyaml(declared)) }}
{% endmacro %}
