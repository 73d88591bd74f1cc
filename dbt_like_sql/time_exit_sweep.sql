-- One row per holding period of the qualified setups: initial stop, otherwise sold at that close.
--
-- A win is an exit in profit before costs; `avg_hold_days` counts the sessions until the stop or the end.
select
    scenario,
    hold_days,
    total,
    wins,
    win_rate,
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
where family = 'hold'
order by position
