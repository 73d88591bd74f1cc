"""Part `risk` of the report: rounding, alignment with the benchmark, holdings and turnover by hand."""

import datetime as dt

import numpy as np
import pyarrow as pa

from btassets.engine.portfolio.return_profile import return_profile
from btassets.stages.report.report_curves import Curve
from btassets.stages.report.report_risk import risk_document

FIRST = dt.date(2023, 1, 2)


def _curve(seed: int, n: int = 500, start: int = 0) -> Curve:
    rng = np.random.default_rng(seed)
    days = np.array([(FIRST - dt.date(1970, 1, 1)).days + k for k in range(start, start + n)], np.int32)
    return Curve(days, 10_000 * np.cumprod(1 + 0.01 * rng.standard_normal(n)))


def _positions(curve: Curve, n: np.ndarray) -> pa.Table:
    return pa.table({"curve": ["hold"] * len(n), "date": pa.array(curve.dates, pa.date32()), "n_positions": n})


def _trades(*rows: tuple[float, float]) -> pa.Table:
    prices, shares = zip(*rows, strict=True)
    n = len(rows)
    return pa.table(
        {
            "policy": ["hold"] * n,
            "ticker": [f"T{k}" for k in range(n)],
            "entry_date": pa.array([FIRST + dt.timedelta(days=10)] * n, pa.date32()),
            "entry_price": list(prices),
            "shares": list(shares),
            "pnl_usd": [float(k) for k in range(n)],
        }
    )


def test_measures_are_those_of_the_engine_on_the_benchmarks_dates() -> None:
    own, bench = _curve(1), _curve(2, 480, start=20)
    found = risk_document(
        {"hold": own, "benchmark": bench}, "hold", _trades((10.0, 1.0)), _positions(own, np.ones(500))
    )
    aligned = np.concatenate((np.full(20, np.nan), bench.equity))
    profile = return_profile(own.dates, own.equity, aligned)
    assert found["measures"]["hold"]["beta"] == round(profile.beta, 2)
    assert found["measures"]["hold"]["sortino"] == round(profile.sortino, 2)
    assert found["measures"]["benchmark"]["beta"] is None


def test_both_windows_end_on_the_same_grid_of_sessions() -> None:
    own = _curve(3)
    found = risk_document({"hold": own}, "hold", _trades((10.0, 1.0)), _positions(own, np.ones(500)))
    short, long = found["rolling"]
    assert (short["window_days"], long["window_days"]) == (182, 365)  # the curve trades seven days a week
    assert set(long["dates"]) < set(short["dates"])
    assert {len(long[key]) for key in ("dates", "sharpe", "volatility_pct", "beta")} == {len(long["dates"])}
    assert set(long["beta"]) == {None}


def test_every_return_is_counted_once() -> None:
    own = _curve(4)
    found = risk_document({"hold": own}, "hold", _trades((10.0, 1.0)), _positions(own, np.ones(500)))
    assert sum(row["n"] for row in found["daily"]) == 499
    assert sum(row["n"] for row in found["monthly"]) == 17


def test_holdings_and_turnover_by_hand() -> None:
    own = Curve(_curve(5, 366).dates, np.full(366, 10_000.0))
    held = np.concatenate((np.full(31, 2), np.full(335, 4)))
    found = risk_document({"hold": own}, "hold", _trades((100.0, 50.0), (50.0, 300.0)), _positions(own, held))
    # January 2 to 31 is 30 sessions here, and the 31st session of two positions is February 1.
    assert found["holdings"]["months"][0] == {"year": 2023, "month": 1, "n": 2.0}
    assert found["holdings"]["months"][1] == {"year": 2023, "month": 2, "n": round((2 + 27 * 4) / 28, 1)}
    assert found["holdings"]["largest"] == 4
    assert found["turnover"] == 2.0


def test_without_a_portfolio_only_the_measures_remain() -> None:
    found = risk_document({"benchmark": _curve(6)}, None, _trades((1.0, 1.0)), _positions(_curve(6), np.ones(500)))
    assert found["rolling"] == found["daily"] == []
    assert found["turnover"] is None
    assert found["measures"]["benchmark"]["sharpe"] is not None


def test_concentration_by_hand() -> None:
    days = np.array([(FIRST - dt.date(1970, 1, 1)).days + k for k in range(400)], np.int32)
    own = Curve(days, np.concatenate((np.full(100, 1_000.0), np.full(300, 2_000.0))))
    tickers = ["A"] * 10 + ["B"] * 4 + ["C", "D", "E", "F", "G", "H"]
    entries = [100, 101, *range(110, 128)]  # day 100 opens with the 1,000 dollars of the day before
    trades = pa.table(
        {
            "policy": ["hold"] * 20,
            "ticker": tickers,
            "entry_date": pa.array([FIRST + dt.timedelta(days=k) for k in entries], pa.date32()),
            "entry_price": [10.0] * 20,
            "shares": [10.0, 20.0] + [20.0] * 18,
            "pnl_usd": [-500.0] * 17 + [30.0, 60.0, 10.0],
        }
    )
    found = risk_document({"hold": own}, "hold", trades, _positions(own, np.ones(400)))["concentration"]
    assert found == {
        "mean_position_pct": 10.0,
        "largest_position_pct": 10.0,
        "tickers": 8,
        "top_tickers_pct": 85.0,
        "top_trades_gain_pct": 60.0,
    }
    lost = trades.set_column(5, "pnl_usd", pa.array([-1.0] * 20))
    found = risk_document({"hold": own}, "hold", lost, _positions(own, np.ones(400)))["concentration"]
    assert found["top_trades_gain_pct"] is None
    none = risk_document({"hold": own}, "hold", trades.slice(0, 0), _positions(own, np.ones(400)))["concentration"]
    assert set(none.values()) == {None}
