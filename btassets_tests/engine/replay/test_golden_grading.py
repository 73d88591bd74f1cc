"""The legacy profile's golden rows, bit for bit: grading of given setups, raw and residual momentum."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from btassets.engine.features.factors import factor_signals
from btassets.engine.market.bars import Bars
from btassets.engine.replay.candidate_columns import OUTCOMES
from btassets.engine.replay.grading import AlignedBars, GivenPrices, grade_setups

GOLDEN = Path(__file__).parents[2] / "golden"
ACTIVATIONS = ("crowded", "default", "tight", "ungated")


def read_bars(path):
    table = pq.ParquetFile(path).read()
    prices = [np.ascontiguousarray(table[name].to_numpy()) for name in ("open", "high", "low", "close")]
    dates = table["date"].to_numpy().astype("datetime64[D]").astype(np.int32)
    return Bars(dates, *prices, table["volume"].to_numpy().astype(float))


@pytest.fixture(scope="module")
def universe():
    return {path.stem: read_bars(path) for path in sorted((GOLDEN / "bars").glob("*.parquet"))}


def on_dates(benchmark, dates):
    close = np.full(len(dates), np.nan)
    _, ours, theirs = np.intersect1d(dates, benchmark.dates, return_indices=True)
    close[ours] = benchmark.close[theirs]
    return close


def days_of(column):
    return column.to_numpy().astype("datetime64[D]").astype(np.int32)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_graded_rows_equal_the_golden_ones_bit_for_bit(universe, activation):
    expected = pq.ParquetFile(GOLDEN / f"expected_{activation}.parquet").read()
    given = pq.ParquetFile(GOLDEN / f"candidates_{activation}.parquet").read()
    keys = ("ticker", "date", "direction")
    assert all(given[key].equals(expected[key]) for key in keys)
    tickers = np.array(given["ticker"].to_pylist())
    dates = days_of(given["date"])
    n_compared = 0
    for ticker, bars in universe.items():
        rows = np.flatnonzero(tickers == ticker)
        index = np.searchsorted(bars.dates, dates[rows])
        assert (bars.dates[index] == dates[rows]).all()
        none = np.full(bars.n_bars, np.nan)
        columns = {name: given[name].to_numpy()[rows] for name in ("entry", "stop", "target", "rr")}
        is_long = np.array(given["direction"].to_pylist())[rows] == "long"
        graded = grade_setups(
            AlignedBars(bars, none, none, np.arange(bars.n_bars, dtype=np.int32)),
            bars.n_bars - 1,
            GivenPrices(
                index.astype(np.int32),
                np.where(is_long, 1, -1).astype(np.int8),
                **columns,
                price_factor=np.ones(len(rows)),
            ),
            is_ended=False,
            is_legacy=True,
        )
        part = expected.take(rows)
        assert [OUTCOMES[code] for code in graded["outcome"]] == part["outcome"].to_pylist()
        assert [OUTCOMES[code] == "target_hit" for code in graded["outcome"]] == part["target_hit"].to_pylist()
        assert graded["hold_days"].tolist() == part["hold_days"].to_pylist()
        assert [day if day > 0 else None for day in graded["stop_day"].tolist()] == part["stop_day"].to_pylist()
        for name in ("realized_r", "risk_pct", "time_r_5", "time_r_10", "time_r_21", "time_r_30"):
            assert graded[name].tolist() == part[name].to_pylist(), (ticker, name)
        n_compared += len(rows)
    assert n_compared == given.num_rows > 4000


def test_momentum_columns_equal_the_golden_ones(universe):
    expected = pq.ParquetFile(GOLDEN / "expected_default.parquet").read()
    benchmark = read_bars(GOLDEN / "SPY.parquet")
    tickers = np.array(expected["ticker"].to_pylist())
    dates = days_of(expected["date"])
    n_residuals = 0
    for ticker, bars in universe.items():
        rows = np.flatnonzero(tickers == ticker)
        index = np.searchsorted(bars.dates, dates[rows]).astype(np.int32)
        signals = factor_signals(bars, on_dates(benchmark, bars.dates), index, gap_days=0)
        part = expected.take(rows)
        raw = part["momentum"].to_numpy()
        np.testing.assert_array_equal(signals["mom_12_1"], raw)
        residual = part["residual_momentum"].to_numpy()
        np.testing.assert_array_equal(np.isnan(signals["mom_12_1_resid"]), np.isnan(residual))
        np.testing.assert_allclose(signals["mom_12_1_resid"], residual, rtol=1e-12, atol=1e-15)
        n_residuals += int(np.isfinite(residual).sum())
    assert n_residuals > 500
