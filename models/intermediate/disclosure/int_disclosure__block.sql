-- Grain: block_id.
-- Purpose: which blocks of relations have to be judged. A block is known if this program has judged the same relations
-- and counts before, as a checksum says: most outcome years are the same in the next delivery. `--full-refresh`
-- judges everything anew.
with

relation as (
    select * from {{ ref('int_disclosure__relation') }}
),

released as (
    select * from {{ ref('int_disclosure__count') }}
),

content as (
    select
        relation.block_id,
        md5(sum(hash(relation, released))::varchar) as checksum,
    from relation
    inner join released on relation.cell_id = released.cell_id
    group by relation.block_id
),

judged as (
    {{ judged_blocks() }}
),

final as (
    select
        content.block_id,
        content.checksum,
        judged.block_id is not null as is_known,
    from content
    left join judged
        on
            content.block_id = judged.block_id
            and content.checksum = judged.checksum
)

select * from final
