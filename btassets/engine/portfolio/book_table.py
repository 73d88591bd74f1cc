"""Books as report rows, rounded the one way the report rounds.

Belongs here: Python's `round` over a finished result, under the report's key names.
Does not belong here: any computation.
"""

from typing import Any

import numpy as np

from btassets.engine.portfolio.book import BookResult

# Names that a row without a single trade leaves empty.
_TRADING_KEYS = (
    "final_equity",
    "total_return_pct",
    "cagr_pct",
    "max_drawdown_pct",
    "sharpe",
    "win_rate",
    "avg_trade_pnl",
    "best_trade_r",
    "worst_trade_r",
    "best_trade_pnl",
    "worst_trade_pnl",
    "avg_hold_days",
)


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def book_row(result: BookResult) -> dict[str, Any]:
    """Every number of a book under its table name, unrounded; None where a trade would be needed."""
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


def rounded_book(result: BookResult) -> dict[str, Any]:
    """Report row of a book: money to cents, percent to 0.1, Sharpe and R to 0.01."""
    return {
        "starting_capital": result.rules.starting_capital,
        "final_equity": round(result.final_equity_usd, 2),
        "total_return_pct": round(result.total_return_pct, 1),
        "cagr_pct": _rounded(result.cagr_pct, 1),
        "max_drawdown_pct": round(result.max_drawdown_pct, 1),
        "sharpe": _rounded(result.sharpe, 2),
        "trades": result.n_trades,
        "win_rate": _rounded(result.win_rate_pct, 1),
        "avg_trade_pnl": _rounded(result.avg_trade_pnl_usd, 2),
        "best_trade_r": _rounded(result.best_trade_r, 2),
        "worst_trade_r": _rounded(result.worst_trade_r, 2),
        "best_trade_pnl": _rounded(result.best_trade_pnl_usd, 2),
        "worst_trade_pnl": _rounded(result.worst_trade_pnl_usd, 2),
        "avg_hold_days": _rounded(result.avg_hold_days, 1),
        "skipped_book_full": result.counts["slots"],
        "spy_return_pct": _rounded(result.spy_return_pct, 1),
        "yearly_returns": [
            {"year": row.year, "return_pct": _rounded(row.return_pct, 1)} for row in result.yearly_returns
        ],
        "start_date": str(np.datetime64(int(result.dates[0]), "D")),
        "end_date": str(np.datetime64(int(result.dates[-1]), "D")),
    }


def rounded_book_with_refusals(result: BookResult) -> dict[str, Any]:
    """Report row of the honest profile: refusals by reason and exposure added, nulls without a trade."""
    row = rounded_book(result)
    if result.n_trades == 0:
        row.update(dict.fromkeys(_TRADING_KEYS))
        row["yearly_returns"] = []
    row["refusals"] = result.refusals
    row["skipped_held"] = result.counts["held"]
    row["not_filled"] = {
        name: result.counts[name] for name in ("no_next_bar", "gapped_stop", "gapped_target", "no_levels")
    }
    row["avg_exposure_pct"] = None if result.avg_exposure_frac is None else round(result.avg_exposure_frac * 100.0, 1)
    row["avg_net_r"] = _rounded(result.avg_net_r, 3)
    return row
