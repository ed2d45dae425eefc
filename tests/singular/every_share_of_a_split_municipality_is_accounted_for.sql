-- The shares of the successors of a code add up to one, or none of them is known.
select
    old_code,
    changed_on,
    sum(share) as share_sum,
from {{ ref('municipality_reform') }}
group by old_code, changed_on
having
    count(share) not in (0, count(*))
    or abs(sum(share) - 1) > 1e-9
