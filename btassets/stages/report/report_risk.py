"""Risk of the portfolio in the report: measures, rolling values, distributions, holdings, turnover.

Belongs here: selection and rounding for the page. Does not belong here: the measures themselves
(`engine.portfolio.return_profile`).
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from btassets.engine.curves import DAYS_A_YEAR
from btassets.engine.days import EPOCH, iso_day, values_on
from btassets.engine.portfolio.return_profile import (
    ReturnProfile,
    daily_returns,
    histogram,
    monthly_returns,
    return_profile,
    rolling,
    rolling_windows,
)
from btassets.stages.report.report_curves import Curve, curve_numbers

_DAY_STEP_PCT, _DAY_LIMIT_PCT = 0.5, 5.0
_MONTH_STEP_PCT, _MONTH_LIMIT_PCT = 2.0, 20.0
_TOP_TICKERS = 5
_TOP_FRAC = 0.05

Floats = npt.NDArray[np.float64]


def risk_document(
    found: Mapping[str, Curve], main: str | None, trades: pa.Table, positions: pa.Table
) -> dict[str, Any]:
    """Part `risk` of the report.

    Parameters
    ----------
    found
        Curves in report order.
    main
        Policy whose rolling values, distributions and holdings are shown; None: no portfolio traded.
    trades
        Closed trades with `policy`, `ticker`, `entry_date`, `entry_price`, `shares`, `pnl_usd`.
    positions
        Table `equity_curves` with `curve`, `date`, `n_positions`.
    """
    bench = found.get("benchmark")
    measures = {name: _measures(curve, bench if name != "benchmark" else None) for name, curve in found.items()}
    if main is None:
        return {
            "measures": measures,
            "rolling": [],
            "daily": [],
            "monthly": [],
            "holdings": _no_holdings(),
            "turnover": None,
            "concentration": _no_concentration(),
        }
    curve = found[main]
    own_trades = trades.filter(pc.equal(trades["policy"], main))
    own, months = daily_returns(curve.equity) * 100.0, monthly_returns(curve.dates, curve.equity) * 100.0
    return {
        "measures": measures,
        "rolling": [_rolling(curve, bench, window) for window in rolling_windows(curve.dates)],
        "daily": _bins(histogram(own, _DAY_STEP_PCT, _DAY_LIMIT_PCT)),
        "monthly": _bins(histogram(months, _MONTH_STEP_PCT, _MONTH_LIMIT_PCT)),
        "holdings": _holdings(positions.filter(pc.equal(positions["curve"], main))),
        "turnover": _turnover(curve, own_trades),
        "concentration": _concentration(curve, own_trades),
    }


def _rounded(value: float, digits: int) -> float | None:
    return round(value, digits) if np.isfinite(value) else None


def _on(dates: npt.NDArray[np.int32], bench: Curve | None) -> Floats | None:
    """Equity of the benchmark on `dates`, NaN if missing."""
    if bench is None:
        return None
    return values_on(dates, bench.dates, bench.equity)[0]


def _measures(curve: Curve, bench: Curve | None) -> dict[str, float | None]:
    profile = return_profile(curve.dates, curve.equity, _on(curve.dates, bench))
    numbers = curve_numbers(curve)
    made, fell = numbers["cagr_pct"], numbers["max_drawdown_pct"]
    calmar = None if made is None or not fell else round(made / fell, 2)
    return {
        "cagr_pct": made,
        "max_drawdown_pct": fell,
        "sharpe": numbers["sharpe"],
        "calmar": calmar,
        **{field.name: _rounded(getattr(profile, field.name), 2) for field in fields(ReturnProfile)},
    }


def _rolling(curve: Curve, bench: Curve | None, window: int) -> dict[str, Any]:
    values = rolling(curve.dates, curve.equity, window, _on(curve.dates, bench))
    return {
        "window_days": window,
        "dates": [iso_day(day) for day in values.dates.tolist()],
        "sharpe": [_rounded(v, 2) for v in values.sharpe.tolist()],
        "volatility_pct": [_rounded(v, 1) for v in values.volatility_pct.tolist()],
        "beta": [_rounded(v, 2) for v in values.beta.tolist()],
    }


def _bins(rows: list[tuple[float | None, float | None, int]]) -> list[dict[str, Any]]:
    return [{"from_pct": low, "to_pct": high, "n": n} for low, high, n in rows]


def _no_holdings() -> dict[str, Any]:
    return {"mean": None, "median": None, "largest": None, "months": []}


def _holdings(rows: pa.Table) -> dict[str, Any]:
    """Number of positions: mean, median, largest, and the mean of each month."""
    if not rows.num_rows or rows["n_positions"].null_count == rows.num_rows:
        return _no_holdings()
    n = rows["n_positions"].to_numpy().astype(np.float64)
    month = rows["date"].cast(pa.int32()).to_numpy().astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    names, place = np.unique(month, return_inverse=True)
    means = np.bincount(place, weights=n) / np.bincount(place)
    return {
        "mean": round(float(n.mean()), 1),
        "median": float(np.median(n)),
        "largest": int(n.max()),
        "months": [
            {"year": EPOCH.year + int(m) // 12, "month": int(m) % 12 + 1, "n": round(float(v), 1)}
            for m, v in zip(names, means, strict=True)
        ],
    }


def _turnover(curve: Curve, trades: pa.Table) -> float | None:
    """Dollars bought per year over the mean equity; None for less than a quarter of a year."""
    years = int(curve.dates[-1] - curve.dates[0]) / DAYS_A_YEAR
    mean = float(curve.equity.mean())
    if years < 0.25 or mean <= 0:
        return None
    bought = float((trades["entry_price"].to_numpy() * trades["shares"].to_numpy()).sum())
    return round(bought / mean / years, 2)


def _no_concentration() -> dict[str, Any]:
    return {
        "mean_position_pct": None,
        "largest_position_pct": None,
        "tickers": None,
        "top_tickers_pct": None,
        "top_trades_gain_pct": None,
    }


def _concentration(curve: Curve, trades: pa.Table) -> dict[str, Any]:
    """Size of a position at its entry against the equity before it, and the weight of a few tickers and trades.

    `top_trades_gain_pct` is the part of all gains, before losses, that the best 5% of the trades made.
    """
    if not trades.num_rows:
        return _no_concentration()
    entry = trades["entry_date"].cast(pa.int32()).to_numpy()
    before = np.clip(np.searchsorted(curve.dates, entry) - 1, 0, len(curve.dates) - 1)
    share = 100.0 * trades["entry_price"].to_numpy() * trades["shares"].to_numpy() / curve.equity[before]
    counts = np.sort(trades["ticker"].value_counts().field("counts").to_numpy())[::-1]
    gains = np.sort(np.maximum(trades["pnl_usd"].to_numpy(), 0.0))[::-1]
    best = gains[: max(1, round(_TOP_FRAC * len(gains)))].sum()
    return {
        "mean_position_pct": round(float(share.mean()), 1),
        "largest_position_pct": round(float(share.max()), 1),
        "tickers": len(counts),
        "top_tickers_pct": round(100.0 * float(counts[:_TOP_TICKERS].sum()) / trades.num_rows, 1),
        "top_trades_gain_pct": round(100.0 * float(best / gains.sum()), 1) if gains.sum() > 0 else None,
    }
