-- Jobs of the reference week of November. Firms have pseudonyms, which are no organisation numbers, and stay away.
with

until_2014 as (
    select
        file_year as periode,
        personid,
        yrkstat,
        industry_code(nace_nar) as naring,
        korr_tim as timer,
        truth(hovedarb, '1', '0') as hovedarbeid,
    from atmlto
    where st_reg <= file_year || '1116' and coalesce(sp_reg, '99999999') >= file_year || '1116'
),

later as (
    select
        file_year,
        personid,
        arb_arbmark_status,
        industry_code(virk_nace1_sn07),
        arb_arbeidstid,
        truth(arb_hovedarbeid, 'H', 'B'),
    from ameld
)

select * from until_2014
union all
select * from later
