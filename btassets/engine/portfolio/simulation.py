"""Simulation results: curve, trades, refusals and measures of the curve, unrounded.

Belongs here: running a batch of configurations over prepared exits. Does not belong here: the loop itself
(simulation_kernel), rounding (simulation_table), and errors of these numbers (statistics).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from btassets.engine.compiling import read_only
from btassets.engine.curves import annual_rate_pct, curve_risk, period_returns, sharpe_of_market
from btassets.engine.days import years_of
from btassets.engine.market.calendar import sessions_a_year
from btassets.engine.portfolio import simulation_layout as layout
from btassets.engine.portfolio.benchmark import BenchmarkCloses
from btassets.engine.portfolio.entries import Entries
from btassets.engine.portfolio.exits import Exits
from btassets.engine.portfolio.panel import BarPanel
from btassets.engine.portfolio.portfolio_rules import BookConfig, BookRules
from btassets.engine.portfolio.simulation_arrays import (
    ChoiceArrays,
    ConfigArrays,
    ExitArrays,
    Wants,
    entry_arrays,
    panel_arrays,
)
from btassets.engine.portfolio.simulation_kernel import walk_books

REFUSAL_REASONS = ("slots", "cash", "size", "short")


@dataclass(frozen=True)
class Trades:
    """Closed trades in the order of closing, shape (n_trades,) each.

    Attributes
    ----------
    row_no
        The bought candidate row, numbered as in the input of `Entries.from_rows`.
    ticker_no
        Ticker of the panel.
    entry_session, exit_session
        Positions in the panel's calendar.
    entry_price, exit_price
        Before costs.
    shares
        Fractional.
    pnl_usd
        After both costs.
    gross_r, net_r
        In planned 1R, the distance of signal close and stop; net after both costs.
    hold_days
        Bars of the ticker, the exit bar included.
    reason
        Position in `exits.REASON_NAMES`.
    """

    row_no: NDArray[np.int64]
    ticker_no: NDArray[np.int32]
    entry_session: NDArray[np.int32]
    exit_session: NDArray[np.int32]
    entry_price: NDArray[np.float64]
    exit_price: NDArray[np.float64]
    shares: NDArray[np.float64]
    pnl_usd: NDArray[np.float64]
    gross_r: NDArray[np.float64]
    net_r: NDArray[np.float64]
    hold_days: NDArray[np.int64]
    reason: NDArray[np.int8]


@dataclass(frozen=True)
class YearReturn:
    """Return of one calendar year from the curve; the first starts at the curve's first point."""

    year: int
    return_pct: float | None


@dataclass(frozen=True)
class BookResult:
    """Result of one portfolio.

    Attributes
    ----------
    rules
        As configured.
    sessions, dates
        Walked sessions as positions in the calendar and as int32 days, shape (n_walked,).
    equity
        At each close, shape (n_walked,); the last point is realized: open positions are sold at their mark, costs paid.
        An open fill starts at the capital, a close fill after the first entries.
    cash, exposure_frac, n_positions
        At each close, shape (n_walked,); None if curves were not requested.
    trades
        None if trades were not requested.
    counts
        By name in `simulation_layout.COUNT_NAMES`: refused rows by reason, rows skipped because their ticker was held,
        and qualified rows without a fill.
    total_return_pct, cagr_pct, max_drawdown_pct
        Percent; the rate by calendar days / 365.25, None up to a quarter of a year or after a total loss; the drawdown
        on closes, positive.
    sharpe
        Daily returns, one degree of freedom lost, times sqrt(sessions a year), no risk-free rate; None with fewer than
        three returns or without variance.
    win_rate_pct, avg_trade_pnl_usd, avg_hold_days, avg_net_r, best_*, worst_*
        None without trades; a win has positive pnl after costs.
    spy_return_pct
        Benchmark from the first to the last walked date; None without it.
    avg_exposure_frac
        Mean over the walked sessions; None if curves were not requested.
    """

    rules: BookRules
    sessions: NDArray[np.int32]
    dates: NDArray[np.int32]
    equity: NDArray[np.float64]
    cash: NDArray[np.float64] | None
    exposure_frac: NDArray[np.float64] | None
    n_positions: NDArray[np.int32] | None
    trades: Trades | None
    counts: dict[str, int]
    final_equity_usd: float
    total_return_pct: float
    cagr_pct: float | None
    max_drawdown_pct: float
    sharpe: float | None
    n_trades: int
    win_rate_pct: float | None
    avg_trade_pnl_usd: float | None
    avg_net_r: float | None
    best_trade_r: float | None
    worst_trade_r: float | None
    best_trade_pnl_usd: float | None
    worst_trade_pnl_usd: float | None
    avg_hold_days: float | None
    yearly_returns: tuple[YearReturn, ...]
    spy_return_pct: float | None
    avg_exposure_frac: float | None

    @property
    def refusals(self) -> dict[str, int]:
        """Qualified rows refused by the portfolio, by reason."""
        return {name: self.counts[name] for name in REFUSAL_REASONS}


def _stacked(columns: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return columns[0][np.newaxis, :] if len(columns) == 1 else np.stack(columns)


def _trades(entries: Entries, whole: NDArray[np.int64], real: NDArray[np.float64]) -> Trades:
    entry_no = whole[:, layout.TRADE_ENTRY]
    factor = entries.price_factor[entry_no]
    return Trades(
        row_no=entries.row_no[entry_no],
        ticker_no=entries.ticker_no[entry_no],
        entry_session=whole[:, layout.TRADE_OPENED].astype(np.int32),
        exit_session=whole[:, layout.TRADE_CLOSED].astype(np.int32),
        entry_price=real[:, layout.TRADE_PAID] / factor,
        exit_price=real[:, layout.TRADE_RECEIVED] / factor,
        shares=real[:, layout.TRADE_SHARES] * factor,
        pnl_usd=real[:, layout.TRADE_PNL].copy(),
        gross_r=real[:, layout.TRADE_GROSS_R].copy(),
        net_r=real[:, layout.TRADE_NET_R].copy(),
        hold_days=whole[:, layout.TRADE_HOLD].copy(),
        reason=whole[:, layout.TRADE_REASON].astype(np.int8),
    )


def simulate_books(
    panel: BarPanel,
    entries: Entries,
    exits: Sequence[Exits],
    configs: Sequence[BookConfig],
    *,
    masks: NDArray[np.bool_],
    ranks: NDArray[np.float64],
    sessions: NDArray[np.int32] | None = None,
    start_session: int | None = None,
    benchmark: BenchmarkCloses | None = None,
    with_trades: bool = True,
    with_curves: bool = True,
    with_counts: bool = True,
) -> list[BookResult | None]:
    """Simulate many portfolios over the same entries and exits in one compiled call.

    Parameters
    ----------
    panel
        Bars and calendar.
    entries
        Sorted setups.
    exits
        From `precompute_exits` or `chosen_exits`, all of one fill.
    configs
        One per portfolio.
    masks
        Shape (n_masks, n_entries), aligned with `entries`: `column[entries.row_no]`.
    ranks
        Shape (n_ranks, n_entries), aligned likewise; percentiles, NaN = none. Highest first, ties
        in the order of the rows.
    sessions
        Sessions to simulate, ascending; None = all. They include every bar of the traded tickers.
    start_session
        First session of every portfolio (the common calendar); None = each starts at its own first as-of session.
    benchmark
        For the return over the walked dates.
    with_trades, with_curves, with_counts
        Off for large batches: totals, equity and metrics are computed anyway. Without counts, refusals of a full
        portfolio are missing from `counts`.

    Returns
    -------
    list
        One result per configuration; None if a portfolio has nothing to trade and no common calendar.
    """
    walked = np.arange(len(panel.calendar), dtype=np.int32) if sessions is None else sessions
    walked = np.ascontiguousarray(walked, dtype=np.int32)
    masks = np.ascontiguousarray(masks, dtype=np.bool_)
    config_arrays = _config_arrays(configs, masks, start_session, with_trades=with_trades)
    out = WalkedBooks(
        *walk_books(
            walked,
            panel_arrays(panel),
            entry_arrays(entries),
            ChoiceArrays(read_only(masks), read_only(ranks, np.float64)),
            ExitArrays(*(read_only(_stacked([getattr(x, name) for x in exits])) for name in ExitArrays._fields)),
            config_arrays,
            Wants(exits[0].fill == "open", with_curves, with_counts),
        )
    )
    drawdown, sharpe = curve_risk(out.equity, out.first_walked, 2.0)
    sharpe = sharpe_of_market(sharpe, sessions_a_year(panel.calendar))
    dates = panel.calendar[walked]
    days = (walked, dates, years_of(dates))
    results: list[BookResult | None] = []
    for k, config in enumerate(configs):
        if out.first_walked[k] < 0:
            results.append(None)
            continue
        at, n = int(config_arrays.trade_starts[k]), int(out.totals[k, layout.T_TRADES])
        trades = _trades(entries, out.trade_whole[at : at + n], out.trade_real[at : at + n]) if with_trades else None
        risk = (float(drawdown[k]), float(sharpe[k]))
        results.append(_result(config.rules, out, k, days, risk, trades, benchmark, with_curves=with_curves))
    return results


class WalkedBooks(NamedTuple):
    """Result of `walk_books`, in its order."""

    first_walked: NDArray[np.int64]
    equity: NDArray[np.float64]
    curve: NDArray[np.float64]
    totals: NDArray[np.float64]
    counts: NDArray[np.int64]
    trade_whole: NDArray[np.int64]
    trade_real: NDArray[np.float64]


def _result(
    rules: BookRules,
    out: WalkedBooks,
    k: int,
    days: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]],
    risk: tuple[float, float],
    trades: Trades | None,
    benchmark: BenchmarkCloses | None,
    *,
    with_curves: bool,
) -> BookResult:
    """Book `k`; `days` are walked sessions, their dates and years, `risk` is drawdown (a fraction) and Sharpe."""
    w0 = int(out.first_walked[k])
    walked, dates, years = days[0][w0:], days[1][w0:], days[2][w0:]
    equity = out.equity[k, w0:]
    capital, final = rules.starting_capital, float(equity[-1])
    drawdown, sharpe = risk
    return BookResult(
        rules=rules,
        sessions=walked,
        dates=dates,
        equity=equity,
        **_daily(out.curve[k, w0:] if with_curves else None),
        trades=trades,
        counts=dict(zip(layout.COUNT_NAMES, out.counts[k].tolist(), strict=True)),
        final_equity_usd=final,
        total_return_pct=(final / capital - 1.0) * 100.0,
        cagr_pct=annual_rate_pct(final, capital, int(dates[-1]) - int(dates[0])),
        max_drawdown_pct=drawdown * 100.0,
        sharpe=None if np.isnan(sharpe) else sharpe,
        **_averages(out.totals[k].tolist()),
        yearly_returns=tuple(YearReturn(*pair) for pair in period_returns(years, equity)),
        spy_return_pct=benchmark.return_pct(int(dates[0]), int(dates[-1])) if benchmark else None,
    )


def _daily(curve: NDArray[np.float64] | None) -> dict[str, Any]:
    """Fields of `BookResult` that follow from the daily curve, shape (n_walked, 4)."""
    if curve is None:
        return dict.fromkeys(("cash", "exposure_frac", "n_positions", "avg_exposure_frac"))
    return {
        "cash": curve[:, layout.CURVE_CASH],
        "exposure_frac": curve[:, layout.CURVE_EXPOSURE],
        "n_positions": curve[:, layout.CURVE_POSITIONS].astype(np.int32),
        "avg_exposure_frac": float(np.mean(curve[:, layout.CURVE_EXPOSURE])),
    }


def _averages(total: list[float]) -> dict[str, Any]:
    """Fields of `BookResult` that follow from the totals over all trades."""
    n = int(total[layout.T_TRADES])
    return {
        "n_trades": n,
        "win_rate_pct": total[layout.T_WINS] / n * 100.0 if n else None,
        "avg_trade_pnl_usd": total[layout.T_PNL] / n if n else None,
        "avg_net_r": total[layout.T_NET_R] / n if n else None,
        "best_trade_r": total[layout.T_BEST_R] if n else None,
        "worst_trade_r": total[layout.T_WORST_R] if n else None,
        "best_trade_pnl_usd": total[layout.T_BEST_PNL] if n else None,
        "worst_trade_pnl_usd": total[layout.T_WORST_PNL] if n else None,
        "avg_hold_days": total[layout.T_HOLD] / n if n else None,
    }


def _config_arrays(
    configs: Sequence[BookConfig], masks: NDArray[np.bool_], start_session: int | None, *, with_trades: bool
) -> ConfigArrays:
    start = -1 if start_session is None else start_session
    config_real = np.array(
        [
            (
                c.rules.starting_capital,
                c.rules.risk_frac,
                c.rules.notional_cap_frac,
                c.rules.cost_per_side_frac,
                c.cutoff_pct,
            )
            for c in configs
        ],
        dtype=np.float64,
    ).reshape(len(configs), 5)
    config_whole = np.array(
        [(c.mask_no, c.rank_no, c.exits_no, c.rules.max_positions, start) for c in configs], dtype=np.int64
    ).reshape(len(configs), 5)
    room = np.zeros(len(configs), dtype=np.int64)
    if with_trades:
        room = np.count_nonzero(masks, axis=1)[config_whole[:, layout.K_MASK]]
    trade_starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(room)))
    return ConfigArrays(read_only(config_real), read_only(config_whole), read_only(trade_starts))
