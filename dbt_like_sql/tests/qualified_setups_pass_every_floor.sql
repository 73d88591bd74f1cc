-- A setup qualifies exactly when it passes every floor and the momentum gate.
select
    ticker,
    row_no,
    qualified,
    failed_flags(graded_setups) as failed,
    momentum_ok
from graded_setups
where qualified <> (failed_flags(graded_setups) = 0 and momentum_ok)
