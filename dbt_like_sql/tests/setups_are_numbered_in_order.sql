-- The setups of a ticker are numbered 1, 2, 3, ... in the order of as-of date and direction.
with

numbered as (
    select
        ticker,
        asof_date,
        direction,
        row_no,
        row_number() over (partition by ticker order by row_no) as expected_no,
        lag(asof_date) over (partition by ticker order by row_no) as asof_date_before
    from graded_setups
)

select *
from numbered
where
    row_no <> expected_no
    or asof_date < asof_date_before
