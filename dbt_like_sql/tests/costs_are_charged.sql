-- Costs never raise a result.
select
    ticker,
    row_no,
    gross_r,
    net_r
from graded_setups
where net_r > gross_r
