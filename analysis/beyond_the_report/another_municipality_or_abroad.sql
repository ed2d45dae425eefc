-- Whether immigrants and natives in towns are likelier to move to another municipality or to leave Norway: the
-- statement of EXITNORWAY's working paper, that most are likelier to stay in the country when they move, "but
-- exceptions exist, for instance for single immigrants aged 35 in the Oslo area without a job".
-- depends_on: {{ ref('panel_logit') }}
-- depends_on: {{ ref('panel_logit_fit') }}
--
-- Population: single men aged 35 without tertiary education, in the Oslo area (Oslo and Akershus) and in other towns,
--   with and without a job; of immigrants those who came within five years (is_recent) and others.
-- Definition: probabilities of one year by estimates.panel_logit, averaged over the effects of persons.
-- Grain: base_years, population, is_recent, is_in_oslo_area, is_without_job.
-- Columns: base_years, population, is_recent, is_in_oslo_area, is_without_job, internal_percent, abroad_percent,
--   abroad_per_internal.
-- Read: of 100 such persons internal_percent move to another municipality within a year and abroad_percent leave
--   Norway; where abroad_per_internal is above 1 leaving is likelier than moving. Without numbers: the model could not
--   be fitted.
with

panel_logit as (
    select * from estimates.panel_logit
    where area = 'urban'
),

-- Two correlated effects; one without variance has no correlation.
fit as (
    select
        base_years,
        population,
        sqrt(variance_internal) as internal_deviation,
        sqrt(variance_emigration) as emigration_deviation,
        coalesce(correlation, 0) as correlation,
    from estimates.panel_logit_fit
    where area = 'urban'
),

person as (
    select
        population,
        is_recent,
        is_in_oslo_area,
        is_without_job,
    from
        (values ('immigrant', true), ('immigrant', false), ('native', false)) as origin (population, is_recent),
        (values (true), (false)) as place (is_in_oslo_area),
        (values (true), (false)) as job (is_without_job)
),

-- Age 35 is half a decade before 40, which is zero.
valued as (
    select
        person.*,
        term.term,
        term.value,
    from
        person,
        lateral (
            values
            ('constant', 1.0),
            ('decades_from_40', -0.5),
            ('decades_from_40_squared', 0.25),
            ('single', 1.0),
            ('recent', person.is_recent::double),
            ('without_job', person.is_without_job::double),
            ('oslo_area', person.is_in_oslo_area::double)
        ) as term (term, value)
),

indexed as (
    select
        panel_logit.base_years,
        panel_logit.population,
        valued.is_recent,
        valued.is_in_oslo_area,
        valued.is_without_job,
        sum(panel_logit.estimate * valued.value) filter (where panel_logit.equation = 'internal_outmigration')
            as internal_index,
        sum(panel_logit.estimate * valued.value) filter (where panel_logit.equation = 'emigration') as emigration_index,
    from panel_logit
    inner join valued
        on
            panel_logit.population = valued.population
            and panel_logit.term = valued.term
    group by all
),

-- Points of two standard normal variables, half a deviation apart, with their weights.
axis as (
    select
        point / 2.0 as z,
        exp(-0.5 * (point / 2.0) ** 2) as weight,
    from range(-12, 13) as points (point)
),

effect as (
    select
        fit.base_years,
        fit.population,
        one.weight * other.weight as weight,
        fit.internal_deviation * one.z as internal_effect,
        fit.emigration_deviation * (fit.correlation * one.z + sqrt(1 - fit.correlation ** 2) * other.z)
            as emigration_effect,
    from fit
    cross join axis as one
    cross join axis as other
),

odds as (
    select
        indexed.*,
        effect.weight,
        exp(indexed.internal_index + effect.internal_effect) as internal_odds,
        exp(indexed.emigration_index + effect.emigration_effect) as emigration_odds,
    from indexed
    inner join effect
        on
            indexed.base_years = effect.base_years
            and indexed.population = effect.population
),

averaged as (
    select
        base_years,
        population,
        is_recent,
        is_in_oslo_area,
        is_without_job,
        100.0 * sum(weight * internal_odds / (1 + internal_odds + emigration_odds)) / sum(weight) as internal_percent,
        100.0 * sum(weight * emigration_odds / (1 + internal_odds + emigration_odds)) / sum(weight) as abroad_percent,
    from odds
    group by all
),

final as (
    select
        *,
        abroad_percent / internal_percent as abroad_per_internal,
    from averaged
)

select * from final
order by base_years, population, is_recent, is_in_oslo_area, is_without_job
