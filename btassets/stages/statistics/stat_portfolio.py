"""Stage `stat_portfolio`: the portfolios against the benchmark, random picks, trials and path dependence.

Belongs here: the list of simulations for the statistics, and the layout of their rows. Does not belong here: the
walk-forward portfolio (`walk_forward_portfolio.py`), the simulation (`engine.portfolio`) and the estimators
(`engine.statistics`).
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from btassets.engine.conventions import POLICIES
from btassets.engine.market.calendar import sessions_a_year
from btassets.engine.portfolio.portfolio_rules import BookConfig
from btassets.engine.portfolio.simulation import BookResult, simulate_books
from btassets.engine.portfolio.variant_list import StrategyVariant
from btassets.engine.statistics.capacity import break_even_cost_frac, capacity_usd
from btassets.engine.statistics.ewc import DAILY, estimate
from btassets.engine.statistics.families import step_down
from btassets.engine.statistics.null_market import market_beta
from btassets.engine.statistics.overfit import overfit_probability
from btassets.engine.statistics.path_noise import DROP_FRACS, kept_rows, spread
from btassets.engine.statistics.portfolio_value import (
    ACTIVE,
    ALPHA,
    BETA,
    INFORMATION_RATIO,
    RANDOM_DRAWS,
    PermutedRanks,
    alpha_of_differences,
    market_model,
    random_p,
    stable_tickers,
    ticker_permutations,
)
from btassets.engine.statistics.random_pick import alpha_t, like_groups
from btassets.engine.statistics.return_series import daily_returns
from btassets.engine.statistics.sharpe import (
    deflated_sharpe,
    expected_max_sharpe,
    min_track_record,
    null_sharpe_variance,
    probabilistic_sharpe,
    return_moments,
)
from btassets.engine.statistics.verdicts import out_of_sample
from btassets.graph.statistics import STAT_OVERFIT, STAT_PORTFOLIO, WF_EQUITY, WF_WINDOWS
from btassets.run.stage_result import StageResult
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.settings.variant_settings import portfolio_variants
from btassets.stages.portfolio.simulation_inputs import BookInputs, read_book_inputs
from btassets.stages.statistics.sharpe_row import moments_of, sharpe_row
from btassets.stages.statistics.stat_sample import (
    NO_FAMILY,
    NO_WINDOWS,
    Sample,
    as_statistics,
    estimate_row,
    read_sample,
)
from btassets.stages.statistics.walk_forward_portfolio import WalkForward, walk_forward

PATH_RUNS = 40
LEAST_TICKERS = 20
"""Minimum number of swappable tickers: with fewer, random picks hardly differ from the real ones."""

_RANKS_AT_ONCE = 12_000_000
"""Percentiles of random portfolios in memory at once: 96 MB."""

Floats = npt.NDArray[np.float64]
Row = dict[str, Any]


def compute(tables: Tables, settings: Settings) -> StageResult:
    """Tables `stat_portfolio`, `stat_overfit`, `wf_windows` and `wf_equity` of the scenario."""
    inputs = read_book_inputs(tables, settings)
    sample = read_sample(tables, settings, only_core=True)
    trials = tables.outside("trials")
    books = policy_books(inputs)
    rows: list[Row] = []
    for name, result in books.items():
        if result is not None:
            rows += _market_rows(name, result, inputs, sample)
            rows += _sharpe_rows(name, result, trials)
    rows += _capacity_rows(sample, inputs)
    walk = walk_forward(inputs, sample)
    # Free the sample before the random books are simulated.
    del sample
    rows += random_rows(settings, inputs, books)
    rows += _path_rows(inputs)
    rows += _variant_rows(inputs, portfolio_variants(settings.variant))
    overfit = _overfit_rows(trials, books, walk)
    found = {
        "stat_portfolio": as_statistics(rows, STAT_PORTFOLIO.schema, tables.scenario),
        "stat_overfit": as_statistics(overfit, STAT_OVERFIT.schema, tables.scenario),
        "wf_windows": as_statistics(walk.windows, WF_WINDOWS.schema, tables.scenario),
        "wf_equity": _equity(tables.scenario, walk),
    }
    by_measure = {row["measure"]: row for row in rows if row["policy"] == "hold"}
    numbers = {
        "alpha_pct_a_year": by_measure.get("alpha", {}).get("estimate"),
        "random_pick_p": by_measure.get("random_pick", {}).get("p_raw"),
        "windows": len(walk.windows),
    }
    numbers = {k: None if isinstance(v, float | np.floating) and not np.isfinite(v) else v for k, v in numbers.items()}
    return StageResult(found, numbers)


def policy_books(inputs: BookInputs) -> dict[str, BookResult | None]:
    """Simulate the scenario's portfolio under each exit policy."""
    results = simulate_books(
        inputs.panel,
        inputs.entries,
        [inputs.exits_of(policy) for policy in POLICIES],
        [BookConfig(inputs.rules, exits_no=k) for k in range(len(POLICIES))],
        masks=inputs.is_qualified[np.newaxis],
        ranks=inputs.activation[np.newaxis],
        start_session=inputs.start,
        with_trades=False,
    )
    return dict(zip(POLICIES, results, strict=True))


def _row(policy: str, measure: str, value: float, unit: str, **more: Any) -> Row:
    return {
        "policy": policy,
        "measure": measure,
        "estimate": value,
        "unit": unit,
        **NO_FAMILY,
        **NO_WINDOWS,
        **more,
    }


def _market_rows(name: str, result: BookResult, inputs: BookInputs, sample: Sample) -> list[Row]:
    """Alpha, beta, information ratio and active return, over all sessions and over the test sessions."""
    returns = daily_returns(result.equity)
    benchmark = inputs.benchmark_returns[result.sessions[1:]]
    year = sessions_a_year(result.dates)
    found = estimate(market_model(returns, benchmark, year), DAILY)
    rows = []
    for measure, column, unit in (
        ("alpha", ALPHA, "frac_a_year"),
        ("beta", BETA, "ratio"),
        ("information_ratio", INFORMATION_RATIO, "ratio"),
        ("active_return", ACTIVE, "frac_a_year"),
    ):
        rows.append(_row(name, measure, found.estimate[column], unit) | estimate_row(found, column, unit))
    if len(sample.walk) and rows:
        late = result.sessions[1:] >= sample.walk[0].test_first
        later = estimate(market_model(returns[late], benchmark[late], year), DAILY)
        sign = 1 if not found.estimate[ALPHA] < 0 else -1
        p, confirmed = out_of_sample(
            float(later.estimate[ALPHA]),
            float(later.se[ALPHA]),
            int(later.dof[ALPHA]),
            len(sample.walk),
            sign,
        )
        rows[0] |= {
            "oos_estimate": later.estimate[ALPHA],
            "oos_p": p,
            "oos_windows": len(sample.walk),
            "oos_confirmed": confirmed,
        }
    return rows


def _sharpe_rows(name: str, result: BookResult, trials: int) -> list[Row]:
    moments = moments_of(result.equity)
    days = {"n_setups": moments.n, "n_weeks": moments.n}
    return [
        {**NO_FAMILY, **NO_WINDOWS, **sharpe_row(name, result.equity, result.dates)},
        _row(name, "probabilistic_sharpe", probabilistic_sharpe(moments), "probability", **days),
        _row(name, "deflated_sharpe", deflated_sharpe(moments, trials), "probability", **days),
        _row(name, "min_track_record", min_track_record(moments), "days", **days),
    ]


def _capacity_rows(sample: Sample, inputs: BookInputs) -> list[Row]:
    qualified = sample.flags["qualified"]
    risk = sample.floats["risk_pct"][qualified]
    n = {"n_setups": int(qualified.sum())}
    rows = []
    for policy, k in (("target", 0), ("hold", len(sample.exits) - 1)):
        gross = sample.net_r[qualified, k] + sample.floats["cost_r"][qualified]
        rows.append(_row(policy, "break_even_cost_per_side", break_even_cost_frac(gross, risk), "frac", **n))
    weight = inputs.rules.notional_cap_frac
    rows.append(_row("hold", "capacity", capacity_usd(sample.floats["adv20_usd"][qualified], weight), "usd", **n))
    return rows


def random_rows(settings: Settings, inputs: BookInputs, books: dict[str, BookResult | None]) -> list[Row]:
    """Main portfolio against 499 random ones, in which similar tickers have swapped percentiles, by t of alpha.

    The estimate shown is the difference of the total returns; the p-value compares t of alpha
    (`engine.statistics.random_pick`).
    """
    cutoff = settings.gates.min_momentum_percentile
    if settings.method.ranking != "eligible" or cutoff <= 0 or not len(inputs.percentile):
        return []
    is_stable = stable_tickers(inputs.percentile)
    if np.count_nonzero(is_stable) < LEAST_TICKERS:
        return []
    core = np.flatnonzero(inputs.meets_core & inputs.entries.is_long)
    entries = inputs.entries.take(core)
    week = inputs.week_of[entries.asof_session]
    source = ticker_permutations(is_stable, RANDOM_DRAWS, group=like_groups(is_stable, *_liveliness(inputs)))
    permuted = PermutedRanks(inputs.percentile, source, week, entries.ticker_no)
    at_once = min(RANDOM_DRAWS, max(1, _RANKS_AT_ONCE // max(len(core), 1)))
    room = np.empty((at_once, len(core)))
    rows = []
    for policy in ("hold", "target"):
        observed = books[policy]
        if observed is None or rows:
            continue
        exits = inputs.exits_of(policy).take(core)
        results: list[BookResult | None] = []
        for first in range(0, len(permuted), at_once):
            percentiles = permuted.of_draws(first, first + at_once, room)
            results += simulate_books(
                inputs.panel,
                entries,
                [exits],
                [BookConfig(inputs.rules, rank_no=d, cutoff_pct=cutoff) for d in range(len(percentiles))],
                masks=np.ones((1, len(core)), dtype=np.bool_),
                ranks=percentiles,
                start_session=inputs.start,
                with_trades=False,
                with_curves=False,
                with_counts=False,
            )
        totals = np.array([math.nan if r is None else r.total_return_pct / 100.0 for r in results])
        own_t, *drawn_t = _alpha_t([observed, *results], inputs)
        mine = observed.total_return_pct / 100.0
        known = totals[~np.isnan(totals)]
        quartiles = np.quantile(known, (0.025, 0.5, 0.975)) if len(known) else np.full(3, np.nan)
        rows += [
            _row(
                policy,
                "random_pick",
                mine - quartiles[1],
                "frac",
                p_raw=random_p(own_t, np.array(drawn_t)),
                n_setups=len(known),
            ),
            _row(policy, "random_pick_median", quartiles[1], "frac", ci_lo=quartiles[0], ci_hi=quartiles[2]),
        ]
    return rows


def _liveliness(inputs: BookInputs) -> tuple[Floats, Floats]:
    """Volatility of the daily returns and beta of every ticker, shape (n_tickers,) each; NaN, 1.0 without returns."""
    panel = inputs.panel
    level: Floats = np.cumprod(1.0 + np.nan_to_num(inputs.benchmark_returns)).astype(np.float64)
    volatility, beta = np.full(panel.n_tickers, np.nan), np.ones(panel.n_tickers)
    for k in range(panel.n_tickers):
        rows = slice(panel.offsets[k], panel.offsets[k + 1])
        close = panel.close[rows]
        if len(close) > 1:
            volatility[k] = float(np.std(close[1:] / close[:-1] - 1.0))
            beta[k] = market_beta(close, level[panel.session_no[rows]])
    return volatility, beta


def _alpha_t(results: list[BookResult | None], inputs: BookInputs) -> list[float]:
    """The t of alpha of every portfolio; NaN if it traded nothing."""
    known = [r for r in results if r is not None]
    n_sessions = max((len(r.sessions) for r in known), default=0)
    whole = [r for r in known if len(r.sessions) == n_sessions > 1]
    if not whole:
        return [math.nan] * len(results)
    benchmark = inputs.benchmark_returns[whole[0].sessions[1:]]
    t = iter(alpha_t(np.stack([daily_returns(r.equity) for r in whole], axis=1), benchmark).tolist())
    return [next(t) if r is not None and len(r.sessions) == n_sessions else math.nan for r in results]


def _path_rows(inputs: BookInputs) -> list[Row]:
    """Spread of the hold portfolio's CAGR and Sharpe when random setups are dropped."""
    qualified = np.flatnonzero(inputs.is_qualified & inputs.entries.is_long)
    if not len(qualified):
        return []
    entries = inputs.entries.take(qualified)
    exits = inputs.exits_of("hold").take(qualified)
    rows = []
    for frac in DROP_FRACS:
        results = simulate_books(
            inputs.panel,
            entries,
            [exits],
            [BookConfig(inputs.rules, mask_no=k) for k in range(PATH_RUNS)],
            masks=kept_rows(len(qualified), frac, PATH_RUNS),
            ranks=inputs.activation[qualified][np.newaxis],
            start_session=inputs.start,
            with_trades=False,
            with_curves=False,
            with_counts=False,
        )
        for measure, unit in (("cagr_pct", "pct_a_year"), ("sharpe", "a_year")):
            values = [math.nan if r is None or getattr(r, measure) is None else getattr(r, measure) for r in results]
            name = f"path_sd_{measure}_{100 * frac:.0f}pct_dropped"
            rows.append(_row("hold", name, spread(np.array(values)), unit, n_setups=PATH_RUNS))
    return rows


def _variant_rows(inputs: BookInputs, variants: Sequence[StrategyVariant]) -> list[Row]:
    """Daily return of each variant minus the base variant's, less beta x the benchmark's, paired, as one family."""
    if len(variants) < 2:
        return []
    hold = replace(inputs.rules, policy="hold")
    configs = [
        BookConfig(
            replace(hold, max_positions=v.max_positions, risk_frac=v.risk_frac),
            rank_no=int(v.ranking == "raw"),
            cutoff_pct=v.cutoff_pct,
        )
        for v in variants
    ]
    results = simulate_books(
        inputs.panel,
        inputs.entries,
        [inputs.exits_of("hold")],
        configs,
        masks=inputs.meets_core[np.newaxis],
        ranks=np.stack([inputs.activation, inputs.raw]),
        start_session=inputs.start,
        with_trades=False,
        with_curves=False,
        with_counts=False,
    )
    n_sessions = len(inputs.panel.calendar)
    returns = np.full((n_sessions, len(results)), np.nan)
    for k, result in enumerate(results):
        if result is not None and len(result.sessions) > 1:
            returns[result.sessions[1:], k] = daily_returns(result.equity)
    gaps = returns[:, 1:] - returns[:, :1]
    influence = alpha_of_differences(gaps, inputs.benchmark_returns, sessions_a_year(inputs.panel.calendar))
    found = estimate(influence, DAILY)
    family = step_down(influence, DAILY, is_member=~found.is_too_short)
    return [
        {
            **_row(v.variant, "return_minus_base", found.estimate[k], "frac_a_year"),
            **estimate_row(found, k, "frac_a_year"),
            "family": "variants",
            "family_size": family.size,
            "p_adj": family.p_adj[k],
            "adj_method": "step_down",
        }
        for k, v in enumerate(variants[1:])
    ]


def _overfit_rows(trials: int, books: dict[str, BookResult | None], walk: WalkForward) -> list[Row]:
    rows: list[Row] = [{"measure": "trials", "estimate": float(trials), "unit": "n"}]
    hold = books.get("hold") or books.get("target")
    if hold is not None:
        returns = daily_returns(hold.equity)
        moments = return_moments(returns[~np.isnan(returns)])
        year = math.sqrt(sessions_a_year(hold.dates))
        luck = expected_max_sharpe(trials, null_sharpe_variance(moments)) * year
        rows += [
            {"measure": "expected_max_sharpe", "estimate": luck, "unit": "a_year", "n_setups": moments.n},
            {
                "measure": "deflated_sharpe",
                "estimate": deflated_sharpe(moments, trials),
                "unit": "probability",
            },
        ]
    found = overfit_probability(walk.weekly_r)
    rows.append({"measure": "pbo", "estimate": found.pbo_frac, "unit": "frac", "n_setups": found.n_configurations})
    return rows + walk.comparison


def _equity(scenario: str, walk: WalkForward) -> pa.Table:
    n = len(walk.dates)
    values = [
        pa.repeat(scenario, n),
        pa.array(walk.dates.astype(np.int32), pa.date32()),
        *(
            pa.array(column, mask=np.isnan(column))
            for column in (walk.equity, walk.fixed_equity, walk.benchmark_equity)
        ),
    ]
    return pa.table(values, schema=WF_EQUITY.schema)
