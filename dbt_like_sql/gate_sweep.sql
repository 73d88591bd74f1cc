-- One row per momentum cutoff: the setups that qualify when only the percentile varies.
--
-- Cutoffs above 0 admit longs only; at 0 the percentile is off and shorts pass too.
select
    scenario,
    cast(member as double) as min_momentum_percentile,
    total,
    wins,
    losses,
    expired,
    hit_rate,
    avg_r,
    total_r,
    net_avg_r,
    net_total_r,
    best_r,
    worst_r,
    avg_hold_days,
    net_r_per_day,
    median_net_r,
    profit_factor,
    net_avg_r_ex_top5
from setup_group_stats
where family = 'cutoff'
order by position
