-- Grain: arrival, finding_number: findings in judged deliveries, of every level.
-- Purpose: the messages that the data steward received: reasons for a refusal, warnings, and notes on changes by a
-- correction or on what the sender announced. They hold counts and codes only.
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
        nullif(found.finding['announced'], '') as announcement,
    from found
)

select * from final
order by arrival, finding_number
