"""Simulation results as table rows.

Belongs here: a finished result under the table's column names. Does not belong here: any computation,
and rounding (the report).
"""

from typing import Any

import numpy as np

from btassets.engine.portfolio.simulation import BookResult


def book_row(result: BookResult) -> dict[str, Any]:
    """Every number of a portfolio under its table name, unrounded; None if it requires a trade."""
    row: dict[str, Any] = {
        "starting_capital": result.rules.starting_capital,
        "final_equity": result.final_equity_usd,
        "total_return_pct": result.total_return_pct,
        "cagr_pct": result.cagr_pct,
        "max_drawdown_pct": result.max_drawdown_pct,
        "sharpe": result.sharpe,
        "trades": result.n_trades,
        "win_rate": result.win_rate_pct,
        "avg_trade_pnl": result.avg_trade_pnl_usd,
        "best_trade_r": result.best_trade_r,
        "worst_trade_r": result.worst_trade_r,
        "best_trade_pnl": result.best_trade_pnl_usd,
        "worst_trade_pnl": result.worst_trade_pnl_usd,
        "avg_hold_days": result.avg_hold_days,
        "skipped_book_full": result.counts["slots"],
        "spy_return_pct": result.spy_return_pct,
        "start_date": np.datetime64(int(result.dates[0]), "D").item(),
        "end_date": np.datetime64(int(result.dates[-1]), "D").item(),
        "yearly_returns": [{"year": row.year, "return_pct": row.return_pct} for row in result.yearly_returns],
        "avg_net_r": result.avg_net_r,
        "avg_exposure_pct": None if result.avg_exposure_frac is None else result.avg_exposure_frac * 100.0,
        **{f"refused_{reason}": n for reason, n in result.refusals.items()},
        "skipped_held": result.counts["held"],
        **{name: result.counts[name] for name in ("no_next_bar", "gapped_stop", "gapped_target", "no_levels")},
    }
    return row
