-- A setup qualifies exactly when it passes every floor and the momentum gate.
select
    row_no,
    qualified,
    rr_ok,
    confidence_ok,
    neutral_ok,
    tighteners_ok,
    momentum_ok
from graded_setups
where qualified <> (rr_ok and confidence_ok and neutral_ok and tighteners_ok and momentum_ok)
