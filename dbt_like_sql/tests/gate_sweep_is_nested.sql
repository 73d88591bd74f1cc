-- A stricter cutoff never admits more setups.
select
    narrow.min_momentum_percentile,
    narrow.total,
    wide.min_momentum_percentile as looser_percentile,
    wide.total as looser_total
from gate_sweep as narrow
inner join gate_sweep as wide
    on narrow.min_momentum_percentile > wide.min_momentum_percentile
where narrow.total > wide.total
