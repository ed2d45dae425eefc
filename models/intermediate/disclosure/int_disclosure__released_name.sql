-- Grain: table_name, key, item.
-- Purpose: which cell and measure every count is that released tables show or withhold under a name: the key of its row
-- as the ledger of exports writes it, and its column. So the audit can ask what an earlier export showed of a count.
--
-- Without stays and stated numbers, which are counted by hand and pool years.
with

mobility_count as (  -- noqa: ST03
    select * from {{ ref('int_disclosure__mobility_count') }}
),

question_cell as (  -- noqa: ST03
    select * from {{ ref('int_disclosure__question_cell') }}
),

final as (
    {{ names_of_released_counts(mobility='mobility_count', questions='question_cell') }}
)

select * from final
