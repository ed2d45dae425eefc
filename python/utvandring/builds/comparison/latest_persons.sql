-- The row of every person that the warehouse reads: the one of the latest period. {files} are the files of person.
(
    select * exclude (periode)
    from read_parquet([{files}])
    qualify row_number() over (partition by personid order by periode desc) = 1
)
