-- Setups are numbered 1, 2, 3, ... in the order of ticker, as-of date and direction.
with

numbered as (
    select
        ticker,
        asof_date,
        direction,
        row_no,
        row_number() over (order by row_no) as expected_no,
        lag(ticker) over (order by row_no) as ticker_before,
        lag(asof_date) over (order by row_no) as asof_date_before
    from graded_setups
)

select *
from numbered
where
    row_no <> expected_no
    or ticker < ticker_before
    or (ticker = ticker_before and asof_date < asof_date_before)
