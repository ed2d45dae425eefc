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
        found.delivery_id,
        found.arrival::integer as arrival,
        found.finding_number::integer as finding_number,
        found.verdict,
        found.finding['level'] as level,
        found.finding['name'] as expectation,
        found.finding['register'] as register,
        found.finding['period'] as period,
        found.finding['file'] as file_name,
        found.finding['count'] as rows_n,
        found.finding['text'] as description,
    from found
)

select * from final
order by arrival, finding_number
