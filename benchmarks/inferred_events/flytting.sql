select year_of(flyttedato) as periode, * from {{ events_from_status('status') }}
