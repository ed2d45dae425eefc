-- Grain: arrival, finding_number: what was found in a judged delivery, of every level.
-- Purpose: what the data steward was told. Reasons for a refusal, warnings, and notes on what a correction changed;
-- counts and codes only.
with

delivery as (
    select * from {{ source('deliveries', 'delivery') }}
),

found as (
    select
        delivery_id,
        arrival,
        verdict,
        unnest(findings) as finding,
        generate_subscripts(findings, 1) as finding_number,
    from delivery
),

final as (
    select
        delivery_id,
        arrival::integer as arrival,
        finding_number::integer as finding_number,
        verdict,
        finding.level as level,
        finding.name as expectation,
        finding.register as register,
        finding.period as period,
        finding.file as file_name,
        finding.count as rows_n,
        finding.text as description,
    from found
)

select * from final
order by arrival, finding_number
