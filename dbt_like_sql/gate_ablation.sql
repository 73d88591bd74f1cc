-- One row per variant of the gate: one floor removed, the momentum cutoff kept, under both exits.
--
-- `momentum_only` drops the optional floors too; the other variants keep them. The hold columns grade the
-- same setups when held for the longest exit with the initial stop.
select
    race.scenario,
    race.member as variant,
    race.total,
    race.wins,
    race.losses,
    race.expired,
    race.hit_rate,
    race.avg_r,
    race.total_r,
    race.net_avg_r,
    race.net_total_r,
    race.best_r,
    race.worst_r,
    race.avg_hold_days,
    race.net_r_per_day,
    race.median_net_r,
    race.profit_factor,
    race.net_avg_r_ex_top5,
    held.hold_days,
    held.avg_r as hold_avg_r,
    held.net_avg_r as hold_net_avg_r,
    held.total_r as hold_total_r
from setup_group_stats as race
inner join setup_group_stats as held
    on race.member = held.member and held.family = 'floor' and held.hold_days is not null
where race.family = 'floor' and race.hold_days is null
order by race.position
