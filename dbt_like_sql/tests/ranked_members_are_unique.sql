-- A ticker is ranked once per as-of date and grid, a candidate row once per grid.
select
    grid,
    asof_date,
    ticker,
    direction,
    row_no,
    count(*) as n
from percentile_ranks
group by grid, asof_date, ticker, direction, row_no
having count(*) > 1
