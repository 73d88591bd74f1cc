-- One row per signal: how well it sorted the universe's next 30 sessions, over the scored weeks.
--
-- A week is scored with at least 20 names; a week in which the correlation is degenerate counts in
-- `avg_cross_section` and the spread only. `ic` = thinned (the legacy profile): every column comes from weeks thinned
-- so that their windows hardly overlap. `ic` = weeks: means over all scored weeks; the t value stays the
-- thinned one, since overlapping weeks would inflate it, and the thinned numbers stand beside.
-- `reliable`: at least 12 thinned weeks.
with

scored as (
    select
        factor_ic_weekly.signal,
        factor_ic_weekly.week,
        factor_ic_weekly.n,
        factor_ic_weekly.ic,
        factor_ic_weekly.spread,
        factor_ic_weekly.is_thinned,
        factor_ic_weekly.is_thinned or settings.ic = 'weeks' as is_used
    from factor_ic_weekly
    cross join settings
    where factor_ic_weekly.n >= settings.min_cross_section
),

means as (
    select
        signal,
        count(ic) filter (where is_used) as weeks,
        sum(n) filter (where is_used) / count(*) filter (where is_used) as avg_cross_section,
        sum(ic order by week) filter (where is_used) / weeks as mean_ic,
        count(*) filter (where is_used and ic > 0) / weeks * 100 as ic_positive_pct,
        sum(spread order by week) filter (where is_used) / count(spread) filter (where is_used)
            as mean_quintile_spread,
        count(ic) filter (where is_thinned) as thinned_weeks,
        sum(ic order by week) filter (where is_thinned) / thinned_weeks as thinned_mean_ic
    from scored
    group by signal
),

deviations as (
    select
        scored.signal,
        sqrt(
            sum((scored.ic - means.thinned_mean_ic) * (scored.ic - means.thinned_mean_ic) order by scored.week)
            / (max(means.thinned_weeks) - 1)
        ) as sd
    from scored
    inner join means on scored.signal = means.signal
    where scored.is_thinned and scored.ic is not null
    group by scored.signal
    having max(means.thinned_weeks) > 1
)

select
    settings.scenario,
    means.signal,
    means.weeks,
    means.avg_cross_section,
    means.mean_ic,
    if(deviations.sd > 0, means.thinned_mean_ic / deviations.sd * sqrt(means.thinned_weeks), null) as ic_t_stat,
    means.ic_positive_pct,
    means.mean_quintile_spread,
    means.thinned_weeks >= settings.min_thinned_weeks as reliable,
    means.thinned_weeks,
    means.thinned_mean_ic
from means
cross join settings
left join deviations on means.signal = deviations.signal
where means.weeks > 0
order by means.signal
