-- A stricter cutoff never admits more setups.
select
    strict.min_momentum_percentile,
    strict.total,
    loose.min_momentum_percentile as looser_percentile,
    loose.total as looser_total
from gate_sweep as strict
inner join gate_sweep as loose
    on strict.min_momentum_percentile > loose.min_momentum_percentile
where strict.total > loose.total
