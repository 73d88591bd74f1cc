-- One row per setup of the scenario's grid: the verdict of the gate and the result under its fill.
--
-- The tie order is ticker (bytes), date, long before short; `row_no` is the position in that of the ticker, and
-- duplicate keys keep the order of the relation. A row without a result stays, with `is_graded` false and a
-- `drop_reason`: statistics read graded rows only, the portfolio every qualified one. A row truncated by the end of
-- its ticker is left out if the scenario drops those (`min_forward_days`). Percentiles: of the row itself, or of its
-- ticker at the newest ranked week end up to the row. Results: 1R is the planned risk |entry - stop|, whatever the
-- fill; `gross_r` books an expired trade at its last close or at zero, a target gapped over at the open or at the
-- target (`target_gap_r` is the difference); `cost_r` is a round trip over the stop distance; an ended ticker's mark
-- includes `delisting_return`. Calibration reads `outcome_at_close` in every scenario; it is null under a stop that
-- moves.
with

arrivals as not materialized (
    select
        *,
        row_number() over () as arrival
    from candidates
),

places as (
    select
        arrivals.arrival,
        -- Within the ticker: a later session numbers no earlier setup anew.
        row_number() over (
            partition by arrivals.ticker
            order by arrivals.asof_date, arrivals.direction, arrivals.arrival
        ) as row_no
    from arrivals
    cross join settings
    where
        case settings.asof_grid when 'week' then arrivals.is_week else arrivals.is_bar end
        and arrivals.n_forward >= settings.min_forward_days
),

-- One fill per scenario: only one of the two branches has rows.
filled as (
    select
        arrivals.*,
        arrivals.outcome as outcome_at_close,
        cast(null as varchar) as fill_drop,
        holds_at_close(arrivals) as holds,
        arrivals.entry as entry_price,
        case
            when arrivals.outcome = 'target_hit' and settings.gapped_target = 'target' then arrivals.realized_r
            when arrivals.outcome = 'target_hit' or settings.expired = 'mark' then arrivals.r_mtm
            else arrivals.realized_r
        end as r,
        if(arrivals.outcome = 'target_hit', arrivals.r_mtm - arrivals.realized_r, 0.0) as gap_r
    from arrivals
    cross join settings
    where settings.fill = 'close'

    union all

    select
        arrivals.* replace (
            arrivals.risk_pct_open as risk_pct,
            arrivals.outcome_open as outcome,
            arrivals.exit_reason_open as exit_reason,
            arrivals.hold_days_open as hold_days,
            arrivals.stop_day_open as stop_day,
            arrivals.bench_ret_target_open as bench_ret_target,
            arrivals.mae_r_open as mae_r,
            arrivals.mae_day_open as mae_day,
            arrivals.mfe_r_open as mfe_r,
            arrivals.mfe_day_open as mfe_day,
            arrivals.label_end_date_open as label_end_date
        ),
        arrivals.outcome as outcome_at_close,
        arrivals.drop_open as fill_drop,
        holds_at_open(arrivals) as holds,
        arrivals.fill_open as entry_price,
        case
            when arrivals.outcome_open = 'target_hit' and settings.gapped_target = 'target'
                then arrivals.realized_r_open
            when arrivals.outcome_open = 'target_hit' or settings.expired = 'mark' then arrivals.r_mtm_open
            else arrivals.realized_r_open
        end as r,
        if(arrivals.outcome_open = 'target_hit', arrivals.r_mtm_open - arrivals.realized_r_open, 0.0) as gap_r
    from arrivals
    cross join settings
    where settings.fill = 'open'
),

-- The legacy profile ranks rows; the standard profile ranks tickers at week ends.
row_percentiles as (
    select
        ticker,
        row_no,
        momentum_percentile,
        residual_momentum_percentile,
        activation_momentum_percentile
    from percentile_ranks
    where row_no is not null and grid <> 'latest'
),

ticker_percentiles as (
    select
        ticker,
        asof_date,
        momentum_percentile,
        residual_momentum_percentile,
        activation_momentum_percentile
    from percentile_ranks
    where row_no is null and grid = 'week'
),

asof_dates as (
    select distinct asof_date
    from candidates
),

ranked_dates as (
    select distinct asof_date
    from ticker_percentiles
),

rank_dates as (
    select
        asof_dates.asof_date,
        max(ranked_dates.asof_date) as rank_date
    from asof_dates
    inner join ranked_dates
        on asof_dates.asof_date >= ranked_dates.asof_date
    group by asof_dates.asof_date
),

-- Signals have values before momentum has: their last week end is another one.
signal_weeks as (
    select distinct asof_date
    from signal_ranks
    where grid = 'week'
),

signal_dates as (
    select
        asof_dates.asof_date,
        max(signal_weeks.asof_date) as rank_date
    from asof_dates
    inner join signal_weeks
        on asof_dates.asof_date >= signal_weeks.asof_date
    group by asof_dates.asof_date
),

-- The last sessions of ended tickers: a hold that reaches beyond them is truncated there too.
last_sessions as (
    select distinct
        candidates.ticker,
        candidates.label_end_date
    from candidates
    cross join settings
    where
        candidates.exit_reason = 'delisted'
        or (settings.ended = 'graded' and ends_within_a_hold(candidates))
),

-- A holder's return after the last close of an ended ticker, in R: the return on the mark over 1R.
sample as (
    select
        places.row_no,
        filled.*,
        coalesce(row_percentiles.momentum_percentile, ticker_percentiles.momentum_percentile)
            as momentum_percentile,
        coalesce(
            row_percentiles.residual_momentum_percentile, ticker_percentiles.residual_momentum_percentile
        ) as residual_momentum_percentile,
        coalesce(
            row_percentiles.activation_momentum_percentile, ticker_percentiles.activation_momentum_percentile
        ) as activation_momentum_percentile,
        -- One column per floor on a signal (btassets/engine/floors.py).
        signal_ranks.* exclude (scenario, grid, asof_date, ticker, ranking_value, ranking_percentile),
        abs(filled.entry - filled.stop) as planned_risk,
        if(filled.direction = 'long', 1, -1) as sign,
        settings.delisting_return <> 0
        and last_sessions.ticker is not null
        and filled.stop_day is null
        and planned_risk > 0 as is_cut_by_end,
        sign * settings.delisting_return / planned_risk as r_per_usd,
        -- A part sold at the target left before the end of its ticker.
        if(filled.outcome = 'target_hit' and filled.exit_reason <> 'target', settings.part_frac, 0.0) as sold_frac,
        if(
            sold_frac > 0,
            sold_frac * sign * (filled.target - filled.entry_price) / planned_risk
            + if(settings.gapped_target = 'open', filled.gap_r, 0.0),
            0.0
        ) as sold_r
    from filled
    cross join settings
    inner join places
        on filled.arrival = places.arrival
    left join row_percentiles
        on filled.ticker = row_percentiles.ticker and places.row_no = row_percentiles.row_no
    left join rank_dates
        on filled.asof_date = rank_dates.asof_date
    left join ticker_percentiles
        on filled.ticker = ticker_percentiles.ticker and rank_dates.rank_date = ticker_percentiles.asof_date
    left join signal_dates
        on filled.asof_date = signal_dates.asof_date
    left join signal_ranks
        on
            filled.ticker = signal_ranks.ticker
            and signal_dates.rank_date = signal_ranks.asof_date
            and signal_ranks.grid = 'week'
    left join last_sessions
        on filled.ticker = last_sessions.ticker and filled.label_end_date = last_sessions.label_end_date
),

gated as (
    select
        sample.*,
        floor_flags(sample, settings) as flags
    from sample
    cross join settings
)

select
    settings.scenario,
    gated.row_no,
    gated.ticker,
    gated.asof_date,
    cast(date_trunc('week', gated.asof_date) as date) as week,
    gated.direction,
    gated.entry,
    gated.stop,
    gated.target,
    gated.rr,
    gated.confidence,
    gated.primary_prob,
    gated.action,
    gated.risk_level,
    gated.adv20_usd,
    gated.price_factor,
    gated.momentum_percentile,
    gated.residual_momentum_percentile,
    gated.activation_momentum_percentile,
    -- One column per flag of btassets/engine/floors.py, the single ones before meets_core.
    unnest(all_flags(gated.flags)),  -- noqa: AL03
    gated.outcome is not null as is_graded,
    case
        when gated.outcome is not null then null
        when gated.fill_drop is not null then gated.fill_drop
        when gated.planned_risk = 0 then 'no_risk'
        else 'no_forward_bars'
    end as drop_reason,
    gated.n_forward,
    gated.entry_price,
    gated.risk_pct,
    gated.outcome,
    gated.exit_reason,
    case
        when gated.is_cut_by_end and gated.exit_reason = 'delisted'
            then
                gated.r
                + (
                    (1 - gated.sold_frac) * gated.entry_price
                    + gated.sign * (gated.r - gated.sold_r) * gated.planned_risk
                ) * gated.r_per_usd
        else gated.r
    end as gross_r,
    case
        when gated.outcome is null then null
        when gated.risk_pct > 0 then 2 * settings.per_side_frac / gated.risk_pct
        else 0.0
    end as cost_r,
    gross_r - cost_r as net_r,
    if(gated.outcome is null, null, gated.gap_r) as target_gap_r,
    gated.hold_days,
    gated.stop_day,
    -- One column per hold of the replay (btassets/run/hold_sql.py).
    unnest(hold_results(gated)),  -- noqa: AL03
    gated.bench_ret_target,
    unnest(hold_benches(gated)),  -- noqa: AL03
    gated.mae_r,
    gated.mae_day,
    gated.mfe_r,
    gated.mfe_day,
    gated.label_end_date,
    -- A stated probability is about the planned stop: under one that moves it has no outcome.
    if(settings.moves_stop, null, gated.outcome_at_close) as outcome_at_close
from gated
cross join settings
