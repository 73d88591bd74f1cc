-- One row per population: all setups, the qualified ones, and those by direction.
--
-- The race of target against stop; `wins` follows the outcome target_hit in every scenario, regardless of the booking
-- of expired trades. `n_rows` counts the population's setups with and without a result, the other columns only the
-- graded ones.
with

counts as (
    select
        count(*) as n_all,
        count(*) filter (where qualified) as n_qualified,
        count(*) filter (where qualified and direction = 'long') as n_long,
        count(*) filter (where qualified and direction = 'short') as n_short
    from graded_setups
)

select
    stats.scenario,
    stats.member as population,
    stats.total,
    stats.wins,
    stats.losses,
    stats.expired,
    stats.hit_rate,
    stats.avg_r,
    stats.total_r,
    stats.net_avg_r,
    stats.net_total_r,
    stats.best_r,
    stats.worst_r,
    stats.avg_hold_days,
    stats.net_r_per_day,
    stats.median_net_r,
    stats.profit_factor,
    stats.net_avg_r_ex_top5,
    case stats.member
        when 'all' then counts.n_all
        when 'qualified' then counts.n_qualified
        when 'long' then counts.n_long
        else counts.n_short
    end as n_rows
from setup_group_stats as stats
cross join counts
where stats.family = 'population'
order by stats.position
