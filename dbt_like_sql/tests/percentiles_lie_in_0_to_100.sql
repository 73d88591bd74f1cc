-- Every percentile lies between 0 and 100.
select
    grid,
    asof_date,
    ticker,
    momentum_percentile,
    residual_momentum_percentile,
    activation_momentum_percentile
from percentile_ranks
where
    momentum_percentile not between 0 and 100
    or residual_momentum_percentile not between 0 and 100
    or activation_momentum_percentile not between 0 and 100
