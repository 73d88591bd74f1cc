-- sign: -1
-- label: Reversal, one week
-- description: return of the last five bars, fraction
select
    ticker,
    date,
    close / lag(close, 5) over (partition by ticker order by date) - 1 as value
from bars
