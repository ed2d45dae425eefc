-- The extract has no migration file: emigrations and immigrations are inferred from the status.
select year_of(flyttedato) as periode, *
from {{ events_from_status('status', date='status_day') }}
