-- Rows of a register without a key, which may repeat: what is in one file more often than in the other.
with
before as (
    select hash(row_before) as content, count(*) as rows_n
    from {before} as row_before
    group by content
),

after as (
    select hash(row_after) as content, count(*) as rows_n
    from {after} as row_after
    group by content
)

select
    coalesce(sum(greatest(coalesce(after.rows_n, 0) - coalesce(before.rows_n, 0), 0)), 0)::bigint as rows_added,
    coalesce(sum(greatest(coalesce(before.rows_n, 0) - coalesce(after.rows_n, 0), 0)), 0)::bigint as rows_removed,
    null::bigint as rows_changed,
from before
full join after using (content)
