-- Cells of disclosure control that stand for several counts: the same persons under two names must be as many.
with

named as (
    from (
        unpivot (select columns('cell_id|_n$') from {{ ref('int_disclosure__mobility_count') }})
        on columns('_n$')
        into name measure value n
    )
    union all by name
    select
        cell_id,
        measure,
        n,
    from {{ ref('int_disclosure__question_cell') }}
    where n is not null
)

select
    cell_id,
    measure,
    count(distinct n) as counts_n,
from named
group by cell_id, measure
having count(distinct n) > 1
