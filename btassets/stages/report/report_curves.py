"""Curves of the report: one date axis, months, years, drawdowns.

Belongs here: everything derived from `equity_curves` alone, rounded by Python's `round`. Does not belong here: the
portfolios behind the curves, and drawing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from btassets.engine.curves import annual_rate_pct, curve_risk, drawdown_frac, period_returns, sharpe_of_market
from btassets.engine.days import EPOCH, iso_day
from btassets.engine.market.calendar import sessions_a_year

ORDER = ("hold", "target", "benchmark", "equal_weight_hold", "equal_weight_renewed")
"""Curves in report order; the first existing one is the main one."""

MAX_STRETCHES = 5

Days = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """One curve: its sessions (days since 1970-01-01), equity, and exposure in percent if it has one."""

    dates: Days
    equity: Floats
    exposure_pct: Floats | None = None


def read_curves(table: pa.Table) -> dict[str, Curve]:
    """Curves of table `equity_curves` by name, in report order."""
    found: dict[str, Curve] = {}
    for name in ORDER:
        rows = table.filter(pc.equal(table["curve"], name))
        if not rows.num_rows:
            continue
        exposure = rows["exposure_pct"]
        found[name] = Curve(
            rows["date"].cast(pa.int32()).to_numpy(),
            rows["equity"].to_numpy(),
            None if exposure.null_count == rows.num_rows else exposure.to_numpy(),
        )
    return found


def benchmark_curve(main: Curve, closes: pa.Table) -> Curve | None:
    """The main curve's first equity held in the benchmark over the same dates; None without a close."""
    days = closes["date"].cast(pa.int32()).to_numpy()
    if not len(days):
        return None
    at = np.searchsorted(days, main.dates, side="right") - 1
    known = (at >= 0) & (days[np.maximum(at, 0)] >= main.dates[0])
    if not known.any():
        return None
    values = closes["close"].to_numpy()[at[known]]
    return Curve(main.dates[known], main.equity[0] * values / values[0])


def curves_document(curves: Mapping[str, Curve]) -> dict[str, Any]:
    """All curves on one ascending axis of dates; null where a curve has no point."""
    if not curves:
        return {"dates": [], "series": {}}
    axis = np.unique(np.concatenate([curve.dates for curve in curves.values()]))
    series: dict[str, Any] = {}
    for name, curve in curves.items():
        at = np.searchsorted(axis, curve.dates)
        drawdown = drawdown_frac(curve.equity) * 100.0
        series[name] = {
            "equity": _placed(axis, at, curve.equity, 2),
            "drawdown_pct": _placed(axis, at, drawdown, 2),
            "exposure_pct": None if curve.exposure_pct is None else _placed(axis, at, curve.exposure_pct, 1),
        }
    return {"dates": [iso_day(day) for day in axis.tolist()], "series": series}


def _placed(axis: Days, at: npt.NDArray[np.int64], values: Floats, digits: int) -> list[float | None]:
    out: list[float | None] = [None] * len(axis)
    for place, value in zip(at.tolist(), values.tolist(), strict=True):
        out[place] = round(value, digits)
    return out


def curve_numbers(curve: Curve) -> dict[str, float | None]:
    """Return, annual rate, drawdown and Sharpe of a curve under the names and conventions of a portfolio's."""
    start, final = float(curve.equity[0]), float(curve.equity[-1])
    rate_pct = annual_rate_pct(final, start, int(curve.dates[-1] - curve.dates[0]))
    drawdown, sharpe = curve_risk(np.ascontiguousarray(curve.equity)[np.newaxis], np.zeros(1, np.int64), 2.0)
    sharpe = sharpe_of_market(sharpe, sessions_a_year(curve.dates))
    is_positive = bool((curve.equity[:-1] > 0).all())  # a ruined curve has no Sharpe ratio here
    return {
        "total_return_pct": round((final / start - 1.0) * 100.0, 1) if start > 0 else None,
        "cagr_pct": None if rate_pct is None else round(rate_pct, 1),
        "max_drawdown_pct": round(float(drawdown[0]) * 100.0, 1),
        "sharpe": round(float(sharpe[0]), 2) if is_positive and np.isfinite(sharpe[0]) else None,
    }


def returns_by(curve: Curve, unit: Literal["Y", "M"]) -> list[dict[str, Any]]:
    """Return of each calendar month (`M`) or year (`Y`), percent to 0.1, from the end of the one before.

    The first starts at the curve's first point.
    """
    period = curve.dates.astype("datetime64[D]").astype(f"datetime64[{unit}]").astype(np.int64)
    rows: list[dict[str, Any]] = []
    for number, value_pct in period_returns(period, curve.equity):
        year = EPOCH.year + (number if unit == "Y" else number // 12)
        month = {} if unit == "Y" else {"month": number % 12 + 1}
        rows.append({"year": year, **month, "return_pct": None if value_pct is None else round(value_pct, 1)})
    return rows


def drawdown_stretches(curve: Curve) -> list[dict[str, Any]]:
    """The deepest drawdowns, deepest first: peak, trough, recovery (null: not yet), depth."""
    below = drawdown_frac(curve.equity) * 100.0
    is_under = below > 0
    edges = np.diff(np.concatenate(([0], is_under.astype(np.int8), [0])))
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    stretches = []
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        trough = start + int(below[start:stop].argmax())
        is_over = stop < len(below)
        stretches.append(
            {
                "peak_date": iso_day(int(curve.dates[start - 1])),
                "trough_date": iso_day(int(curve.dates[trough])),
                "recovered_date": iso_day(int(curve.dates[stop])) if is_over else None,
                "depth_pct": round(float(below[trough]), 1),
                "n_sessions": (stop if is_over else len(below) - 1) - (start - 1),
            }
        )
    return sorted(stretches, key=lambda row: -row["depth_pct"])[:MAX_STRETCHES]


def trades_document(trades: pa.Table, policies: Sequence[str]) -> dict[str, Any]:
    """Closed trades of each policy: histogram of net R, reasons, the ten best and worst."""
    return {policy: _policy_trades(trades.filter(pc.equal(trades["policy"], policy))) for policy in policies}


_EDGES_R = tuple(x / 2 for x in range(-6, 17))
_TRADE_COLUMNS = {"net_r": 2, "gross_r": 2, "pnl_usd": 2, "entry_price": 4, "exit_price": 4, "shares": 4}
_SHOWN_TRADES = 10


def _policy_trades(trades: pa.Table) -> dict[str, Any]:
    rows = trades.drop_columns(["scenario", "policy"]).to_pylist()
    for row in rows:
        row |= {name: None if row[name] is None else round(row[name], n) for name, n in _TRADE_COLUMNS.items()}
        row |= {name: row[name].isoformat() for name in ("asof_date", "entry_date", "exit_date")}
    ordered = sorted(rows, key=lambda row: row["net_r"])
    n_best = min(_SHOWN_TRADES, (len(rows) + 1) // 2)
    net = trades["net_r"].to_numpy()
    return {
        "n": len(rows),
        "net_r_histogram": _histogram(net),
        "exit_reasons": _reasons(trades),
        "best": ordered[::-1][:n_best],
        "worst": ordered[: min(_SHOWN_TRADES, len(rows) - n_best)],
    }


def _histogram(values: Floats) -> list[dict[str, Any]]:
    """Counts per half R from -3 to 8, open at both ends; a value on an edge counts above it."""
    place = np.searchsorted(np.array(_EDGES_R), values, side="right")
    counts = np.bincount(place, minlength=len(_EDGES_R) + 1).tolist()
    lower, upper = (None, *_EDGES_R), (*_EDGES_R, None)
    return [{"from_r": a, "to_r": b, "n": n} for a, b, n in zip(lower, upper, counts, strict=True)]


def _reasons(trades: pa.Table) -> list[dict[str, Any]]:
    reason, net, days = (trades[name].to_pylist() for name in ("reason", "net_r", "hold_days"))
    rows = []
    for name in sorted(set(reason)):
        own = [k for k, value in enumerate(reason) if value == name]
        rows.append(
            {
                "reason": name,
                "n": len(own),
                "share_pct": round(len(own) / len(reason) * 100.0, 1),
                "avg_net_r": round(sum(net[k] for k in own) / len(own), 3),
                "avg_hold_days": round(sum(days[k] for k in own) / len(own), 1),
            }
        )
    return sorted(rows, key=lambda row: -row["n"])
