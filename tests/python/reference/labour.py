"""Labour market status at every age, written again: person_year leaves it out above 74, the logits do not."""

STATUS_AT_EVERY_AGE = """
case
    when is_employed is null or is_in_education is null or unemployed_months is null then null
    when unemployed_months >= 7 then 'unemployed'
    when is_employed and is_in_education then 'employed_in_education'
    when is_employed then 'employed'
    when is_in_education then 'in_education'
    when unemployed_months >= 1 then 'unemployed'
    else 'outside_labour_force'
end
"""
