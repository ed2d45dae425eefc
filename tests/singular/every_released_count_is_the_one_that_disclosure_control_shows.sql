-- Counts that are in the system of what adds up reach a released table only as int_disclosure__question_shown has them:
-- none is shown that is withheld there, or that it does not know.
with

final as (
    {{ counts_shown_otherwise() }}
)

select * from final
