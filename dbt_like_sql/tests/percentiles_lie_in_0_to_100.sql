-- Every percentile lies between 0 and 100.
select *
from percentile_ranks
where
    momentum_percentile not between 0 and 100
    or residual_momentum_percentile not between 0 and 100
    or activation_momentum_percentile not between 0 and 100
