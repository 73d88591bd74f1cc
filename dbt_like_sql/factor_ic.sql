-- One row per signal: how well it ranked the universe's next 30 sessions, over the scored weeks.
--
-- A week is scored with at least 20 names; a week with a degenerate correlation counts only in `avg_cross_section` and
-- the spread. All columns use one sample. `ic` = thinned (the legacy profile): weeks thinned so that their windows
-- hardly overlap, t = mean / deviation * sqrt(weeks); `reliable`: at least 12 of them. `ic` = weeks: all scored weeks,
-- and the t of the equal-weighted cosine estimator, which allows for the overlap (Lazarus, Lewis, Stock, Watson 2018;
-- engine/statistics/ewc.py with 6 weeks of overlap); `reliable`: at least 60 weeks from first to last. The thinned
-- columns are empty then.
with

scored as (
    select
        factor_ic_weekly.signal,
        factor_ic_weekly.week,
        factor_ic_weekly.n,
        factor_ic_weekly.ic,
        factor_ic_weekly.spread
    from factor_ic_weekly
    cross join settings
    where
        factor_ic_weekly.n >= settings.min_cross_section
        and (factor_ic_weekly.is_thinned or settings.ic = 'weeks')
),

means as (
    select
        signal,
        count(ic) as weeks,
        sum(n) / count(*) as avg_cross_section,
        sum(ic order by week) / count(ic) as mean_ic,
        count(*) filter (where ic > 0) / count(ic) * 100 as ic_positive_pct,
        sum(spread order by week) / count(spread) as mean_quintile_spread,
        min(week) filter (where ic is not null) as first_week,
        date_diff('day', first_week, max(week) filter (where ic is not null)) // 7 + 1 as span
    from scored
    group by signal
),

deviations as (
    select
        scored.signal,
        sqrt(
            sum((scored.ic - means.mean_ic) * (scored.ic - means.mean_ic) order by scored.week)
            / (max(means.weeks) - 1)
        ) as sd
    from scored
    inner join means on scored.signal = means.signal
    where scored.ic is not null
    group by scored.signal
    having max(means.weeks) > 1
),

-- One row per transform used by the estimator.
cosines as (
    select
        signal,
        greatest(3, least(cast(floor(0.4 * pow(span, 2.0 / 3.0) + 1e-9) as bigint), span // 24)) as n_cosines,
        unnest(generate_series(1, n_cosines)) as j
    from means
    where span >= 60
),

-- Cosine transforms of the deviations, with 0 for a week without a correlation.
transforms as (
    select
        cosines.signal,
        cosines.j,
        sqrt(2.0 / max(means.span)) * sum(
            (scored.ic - means.mean_ic)
            * (means.span / means.weeks)
            * cos(pi() * cosines.j * (date_diff('day', means.first_week, scored.week) // 7 + 0.5) / means.span)
            order by scored.week
        ) as loading
    from cosines
    inner join means on cosines.signal = means.signal
    inner join scored on cosines.signal = scored.signal
    where scored.ic is not null
    group by cosines.signal, cosines.j
),

cosine_errors as (
    select
        transforms.signal,
        sqrt(avg(transforms.loading * transforms.loading) / max(means.span)) as se
    from transforms
    inner join means on transforms.signal = means.signal
    group by transforms.signal
)

select
    settings.scenario,
    means.signal,
    means.weeks,
    means.avg_cross_section,
    means.mean_ic,
    case
        when settings.ic = 'thinned'
            then if(deviations.sd > 0, means.mean_ic / deviations.sd * sqrt(means.weeks), null)
        else if(cosine_errors.se > 1e-12 * abs(means.mean_ic), means.mean_ic / cosine_errors.se, null)
    end as ic_t_stat,
    means.ic_positive_pct,
    means.mean_quintile_spread,
    if(settings.ic = 'thinned', means.weeks >= settings.min_thinned_weeks, means.span >= 60) as reliable,
    if(settings.ic = 'thinned', means.weeks, null) as thinned_weeks,
    if(settings.ic = 'thinned', means.mean_ic, null) as thinned_mean_ic
from means
cross join settings
left join deviations on means.signal = deviations.signal
left join cosine_errors on means.signal = cosine_errors.signal
where means.weeks > 0
order by means.signal
