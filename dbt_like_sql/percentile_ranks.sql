-- One row per ranked member of a week: a ticker (ranking `eligible`) or a candidate row (ranking `rows`).
--
-- Percentiles run from 0 to 100, 100 is the strongest of the week; a member without the value has none. `grid` is the
-- set of ranked as-of dates: the scenario's own (`week` or `bar`), and `latest`, the last session alone, used only by
-- today's list. `eligible`: every eligible ticker once, ties share the mean rank, a single member has no percentile;
-- the activation percentile is the residual one for the whole week, or the raw one for the whole week if fewer than
-- half have a residual, or the one of the signal that the gate names (`signal_ranks`). `rows` (the legacy profile):
-- long and short rows of a ticker both count, ties are split by the tie order (ticker bytes, date, long before short;
-- `row_no` is the position in that of the ticker), a single row gets 100, and the raw percentile replaces a missing one
-- row by row. `n_ranked` counts the members with an activation percentile.
with

-- The last tie-breaker is the order of the relation: it matters only if a given table contains the same ticker, date
-- and direction twice, which the replay never produces.
arrivals as (
    select
        ticker,
        asof_date,
        direction,
        is_week,
        is_bar,
        is_latest,
        n_forward,
        momentum,
        residual_momentum,
        row_number() over () as arrival
    from candidates
),

row_members as (
    select
        settings.scenario,
        settings.asof_grid as grid,
        cast(date_trunc('week', arrivals.asof_date) as date) as week,
        arrivals.*
    from arrivals
    cross join settings
    where
        settings.ranking = 'rows'
        and arrivals.n_forward >= settings.min_forward_days
        and case settings.asof_grid when 'week' then arrivals.is_week else arrivals.is_bar end

    union all

    select
        settings.scenario,
        'latest' as grid,
        cast(date_trunc('week', arrivals.asof_date) as date) as week,
        arrivals.*
    from arrivals
    cross join settings
    where settings.ranking = 'rows' and arrivals.is_latest
),

numbered as (
    select
        *,
        row_number() over (partition by grid, ticker order by asof_date, direction, arrival) as row_no
    from row_members
),

row_places as (
    select
        *,
        row_number() over (partition by grid, week order by momentum, ticker, row_no) - 1 as raw_place,
        count(momentum) over (partition by grid, week) as n_raw,
        row_number() over (partition by grid, week order by residual_momentum, ticker, row_no) - 1 as residual_place,
        count(residual_momentum) over (partition by grid, week) as n_residual,
        count(coalesce(residual_momentum, momentum)) over (partition by grid, week) as n_ranked
    from numbered
),

row_ranks as (
    select
        scenario,
        grid,
        week,
        asof_date,
        ticker,
        direction,
        row_no,
        case
            when momentum is null then null
            when n_raw > 1 then raw_place / (n_raw - 1) * 100
            else 100.0
        end as momentum_percentile,
        case
            when residual_momentum is null then null
            when n_residual > 1 then residual_place / (n_residual - 1) * 100
            else 100.0
        end as residual_momentum_percentile,
        coalesce(residual_momentum_percentile, momentum_percentile) as activation_momentum_percentile,
        n_ranked
    from row_places
),

ticker_members as (
    select
        settings.scenario,
        'week' as grid,
        factor_signals.asof_date,
        factor_signals.ticker,
        factor_signals.mom_12_1 as momentum,
        factor_signals.mom_12_1_resid as residual_momentum,
        signal_ranks.ranking_value,
        signal_ranks.ranking_percentile,
        settings.is_ranked_by_signal
    from factor_signals
    cross join settings
    left join signal_ranks
        on
            factor_signals.ticker = signal_ranks.ticker
            and factor_signals.asof_date = signal_ranks.asof_date
            and signal_ranks.grid = 'week'
    where
        settings.ranking = 'eligible'
        and factor_signals.is_week
        and factor_signals.eligible
        and (
            factor_signals.mom_12_1 is not null
            or factor_signals.mom_12_1_resid is not null
            or signal_ranks.ranking_value is not null
        )

    union all

    select
        settings.scenario,
        'latest' as grid,
        factor_signals.asof_date,
        factor_signals.ticker,
        factor_signals.mom_12_1 as momentum,
        factor_signals.mom_12_1_resid as residual_momentum,
        signal_ranks.ranking_value,
        signal_ranks.ranking_percentile,
        settings.is_ranked_by_signal
    from factor_signals
    cross join settings
    left join signal_ranks
        on
            factor_signals.ticker = signal_ranks.ticker
            and factor_signals.asof_date = signal_ranks.asof_date
            and signal_ranks.grid = 'latest'
    where
        settings.ranking = 'eligible'
        and factor_signals.is_latest
        and factor_signals.eligible
        and (
            factor_signals.mom_12_1 is not null
            or factor_signals.mom_12_1_resid is not null
            or signal_ranks.ranking_value is not null
        )
),

-- With the default frame a running count reaches the last of the ties, so the mean rank is the midpoint of rank() and
-- it.
ticker_places as (
    select
        *,
        (rank() over by_raw + count(momentum) over by_raw) / 2 as raw_rank,
        count(momentum) over by_week as n_raw,
        (rank() over by_residual + count(residual_momentum) over by_residual) / 2 as residual_rank,
        count(residual_momentum) over by_week as n_residual,
        count(coalesce(residual_momentum, momentum)) over by_week as n_members,
        count(ranking_value) over by_week as n_by_signal
    from ticker_members
    window
        by_week as (partition by grid, asof_date),
        by_raw as (partition by grid, asof_date order by momentum),
        by_residual as (partition by grid, asof_date order by residual_momentum)
),

ticker_ranks as (
    select
        scenario,
        grid,
        cast(date_trunc('week', asof_date) as date) as week,
        asof_date,
        ticker,
        cast(null as varchar) as direction,
        cast(null as bigint) as row_no,
        if(momentum is null or n_raw = 1, null, 100 * (raw_rank - 1) / (n_raw - 1)) as momentum_percentile,
        if(
            residual_momentum is null or n_residual = 1, null, 100 * (residual_rank - 1) / (n_residual - 1)
        ) as residual_momentum_percentile,
        case
            when is_ranked_by_signal then ranking_percentile
            when 2 * n_residual >= n_members then residual_momentum_percentile
            else momentum_percentile
        end as activation_momentum_percentile,
        case
            when is_ranked_by_signal then n_by_signal
            when 2 * n_residual >= n_members then n_residual
            else n_raw
        end as n_ranked
    from ticker_places
)

select
    scenario,
    grid,
    week,
    asof_date,
    ticker,
    direction,
    row_no,
    momentum_percentile,
    residual_momentum_percentile,
    activation_momentum_percentile,
    n_ranked
from row_ranks

union all

select
    scenario,
    grid,
    week,
    asof_date,
    ticker,
    direction,
    row_no,
    momentum_percentile,
    residual_momentum_percentile,
    activation_momentum_percentile,
    n_ranked
from ticker_ranks

order by grid, asof_date, ticker, direction, row_no
