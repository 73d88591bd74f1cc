-- One row per group of graded setups and exit: counts, expectancy gross and net, robustness.
--
-- `setup_stats`, `gate_sweep`, `gate_ablation` and `time_exit_sweep` are views of this table, so each statistic is
-- defined once. `family` names the view of a group, `member` is its name there, `hold_days` is null for the race of
-- target against stop and else the sessions held with the initial stop. Wins: target hits in the race, exits in profit
-- before costs under a hold, a stop that moves or a part sold at the target, and without a target. A hold beyond the
-- horizon has a result for fewer setups than the race: `race_of_hold` is the race over those same setups. Sums run left
-- to right in the tie order; the trim drops 5% of all rows, the best ones. A group without rows has only counts.
-- Rounding is done in the report.
with

graded as materialized (
    select
        graded_setups.direction = 'long' as is_long,
        settings.moves_stop
        or settings.part_frac < 1
        or (graded_setups.target is null and graded_setups.rr is null) as is_judged_by_r,
        if(is_judged_by_r, graded_setups.gross_r > 0, graded_setups.outcome = 'target_hit') as is_hit,
        if(is_judged_by_r, graded_setups.gross_r < 0, graded_setups.outcome in ('stop_hit', 'ambiguous')) as is_loss,
        graded_setups.cost_r,
        graded_setups.gross_r,
        holds_of(graded_setups) as holds,
        graded_setups.hold_days,
        graded_setups.stop_day,
        graded_setups.n_forward,
        graded_setups.qualified,
        graded_setups.meets_core,
        graded_setups.momentum_ok,
        graded_setups.direction,
        graded_setups.activation_momentum_percentile,
        failed_flags(graded_setups) as failed,
        -- A hold ends with its ticker if such rows are graded; the legacy profile books the full number of days.
        if(settings.ended = 'graded', graded_setups.n_forward, null) as last_day
    from graded_setups
    cross join settings
    where graded_setups.is_graded
    order by graded_setups.ticker, graded_setups.row_no
),

populations as (
    select
        unnest([1, 2, 3, 4]) as position,
        unnest(['all', 'qualified', 'long', 'short']) as member
),

floor_exits as (
    select cast(null as smallint) as hold_days

    union all

    select max_hold_days as hold_days
    from settings
),

cells as (
    select
        'population' as family,
        position,
        member,
        cast(null as smallint) as hold_days
    from populations

    union all

    select
        'hold' as family,
        hold_days as position,
        'qualified' as member,
        hold_days
    from exit_days

    union all

    select
        'race_of_hold' as family,
        exit_days.hold_days as position,
        cast(exit_days.hold_days as varchar) as member,
        cast(null as smallint) as hold_days
    from exit_days
    cross join settings
    where exit_days.hold_days > settings.horizon_days

    union all

    select
        'cutoff' as family,
        100 - min_momentum_percentile as position,
        cast(min_momentum_percentile as varchar) as member,
        cast(null as smallint) as hold_days
    from cutoffs

    union all

    select
        'floor' as family,
        floor_variants.position,
        floor_variants.member,
        floor_exits.hold_days
    from floor_variants
    cross join floor_exits
),

members as (
    select
        'population' as family,
        populations.member,
        graded.*
    from graded
    inner join populations
        on
            populations.member = 'all'
            or (
                graded.qualified
                and (populations.member = 'qualified' or if(graded.is_long, 'long', 'short') = populations.member)
            )

    union all

    select
        'hold' as family,
        'qualified' as member,
        graded.*
    from graded
    where graded.qualified

    union all

    select
        'race_of_hold' as family,
        cast(exit_days.hold_days as varchar) as member,
        graded.*
    from graded
    inner join exit_days
        on
            graded.qualified
            and hold_r(graded.holds, exit_days.hold_days, cast(null as double)) is not null
    cross join settings
    where exit_days.hold_days > settings.horizon_days

    union all

    select
        'cutoff' as family,
        cast(cutoffs.min_momentum_percentile as varchar) as member,
        graded.*
    from graded
    inner join cutoffs
        on
            graded.meets_core
            and passes_cutoff(graded, cutoffs.min_momentum_percentile)

    union all

    select
        'floor' as family,
        floor_variants.member,
        graded.*
    from graded
    inner join floor_variants
        on
            graded.momentum_ok
            and graded.failed & ~floor_variants.forgiven = 0
),

trades as (
    select
        cells.family,
        cells.member,
        cells.hold_days,
        members.is_loss,
        members.cost_r,
        hold_r(members.holds, cells.hold_days, members.gross_r) as r,
        if(
            cells.hold_days is null,
            nullif(members.hold_days, 0),
            least(cells.hold_days, members.stop_day, members.last_day)
        ) as held_days,
        if(cells.hold_days is null, members.is_hit, r > 0) as is_win
    from members
    inner join cells
        on members.family = cells.family and members.member = cells.member
),

-- The rows are in the tie order, which one thread preserves: list() collects along it, and list_sum() adds up from left
-- to right.
totals as (
    select
        family,
        member,
        hold_days,
        count(*) as total,
        count(*) filter (where is_win) as wins,
        count(*) filter (where is_loss) as losses,
        list_sum(list(r)) as total_r,
        list(r - cost_r) as net,
        list_sum(net) as net_total_r,
        list_sum(list(r - cost_r) filter (where r - cost_r > 0)) as net_gains_r,
        list_sum(list(r - cost_r) filter (where r - cost_r < 0)) as net_losses_r,
        max(r) as best_r,
        min(r) as worst_r,
        sum(held_days) / count(held_days) as avg_hold_days,
        list_reverse_sort(net) as net_best_first,
        net_best_first[cast(ceil(count(*) * cast(0.05 as double)) as bigint) + 1:] as trimmed
    from trades
    where r is not null
    group by family, member, hold_days
)

select
    settings.scenario,
    cells.family,
    cells.position,
    cells.member,
    cells.hold_days,
    coalesce(totals.total, 0) as total,
    coalesce(totals.wins, 0) as wins,
    if(cells.hold_days is null, coalesce(totals.losses, 0), null) as losses,
    if(cells.hold_days is null, coalesce(totals.total - totals.wins - totals.losses, 0), null) as expired,
    if(
        cells.hold_days is null and totals.wins + totals.losses > 0,
        totals.wins / (totals.wins + totals.losses) * 100,
        null
    ) as hit_rate,
    totals.wins / totals.total * 100 as win_rate,
    totals.total_r / totals.total as avg_r,
    totals.total_r,
    totals.net_total_r / totals.total as net_avg_r,
    totals.net_total_r,
    totals.best_r,
    totals.worst_r,
    totals.avg_hold_days,
    totals.net_total_r / totals.total / nullif(totals.avg_hold_days, 0) as net_r_per_day,
    (
        totals.net_best_first[(totals.total + 1) // 2] + totals.net_best_first[totals.total // 2 + 1]
    ) / 2 as median_net_r,
    coalesce(totals.net_gains_r, 0) / -nullif(totals.net_losses_r, 0) as profit_factor,
    list_sum(totals.trimmed) / nullif(len(totals.trimmed), 0) as net_avg_r_ex_top5
from cells
cross join settings
left join totals
    on
        cells.family = totals.family
        and cells.member = totals.member
        and cells.hold_days is not distinct from totals.hold_days
order by cells.family, cells.position, cells.hold_days nulls first
