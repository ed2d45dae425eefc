-- Rows of a register and period before and after, matched by the person: new, gone, with other content.
select
    count(*) filter (where before.personid is null) as rows_added,
    count(*) filter (where after.personid is null) as rows_removed,
    count(*) filter (where before.content <> after.content) as rows_changed,
from (select personid, hash(row_before) as content from {before} as row_before) as before
full join (select personid, hash(row_after) as content from {after} as row_after) as after
    using (personid)
