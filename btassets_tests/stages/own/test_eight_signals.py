"""The eight built-in signals, written again as own signals, have the same bytes."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from btassets.book.book import open_book
from btassets.engine.features.factors import factor_signals
from btassets.engine.market.bars import Bars
from btassets.engine.market.calendar import segment_starts
from btassets.engine.signals import SIGNAL_NAMES, SIGNALS
from btassets.own.discover import find_sources
from btassets.own.evaluate import Panel, all_values
from btassets.own.loading import declared_by
from btassets.own.windows import TickerArrays
from btassets.run.run_stage import run_stage
from btassets_tests.support import eight_signals
from btassets_tests.support.own_panel import LIMITS

FILE = Path(str(eight_signals.__file__))


def with_eight(folder: Path) -> Path:
    (folder / "own").mkdir()
    shutil.copy(FILE, folder / "own" / "eight.py")
    return folder


def test_in_a_run_they_are_proven_and_have_the_same_bytes(book: Path) -> None:
    run_stage("own_signals", open_book(with_eight(book), environ={}))
    lake = open_book(book, environ={}).lake
    states = {row["signal"]: row["state"] for row in lake.read("own_signal_proofs").to_pylist()}
    assert states == {f"own_{name}": "proven" for name in SIGNAL_NAMES}
    values, ours = lake.read("own_signals"), lake.read("factor_signals")
    for name in SIGNAL_NAMES:
        own = values.filter(np.array(values["signal"].to_pylist()) == f"own_{name}")
        assert own["ticker"].to_pylist() == ours["ticker"].to_pylist()
        assert own["asof_date"].equals(ours["asof_date"])
        assert own["value"].combine_chunks().equals(ours[name].combine_chunks()), name
        assert own["value"].null_count < own.num_rows


@pytest.fixture(scope="module")
def market() -> tuple[Bars, np.ndarray]:
    """One ticker with two long gaps, over a benchmark that lacks dates and starts late."""
    random = np.random.default_rng(3)
    n = 900
    steps = np.ones(n, np.int32)
    steps[[300, 580]] = 40
    close = 20.0 * np.exp(np.cumsum(random.normal(0.0, 0.02, n)))
    bench = 100.0 * np.exp(np.cumsum(random.normal(0.0, 0.01, n)))
    bench[random.choice(n, 200, replace=False)] = np.nan
    bench[:330] = np.nan
    dates = (15_000 + np.cumsum(steps)).astype(np.int32)
    return Bars(dates, close * 0.99, close * 1.02, close * 0.97, close, np.full(n, 1e5)), bench


@pytest.mark.parametrize("gap_days", [30, 0])
def test_over_gaps_and_a_torn_benchmark_too(tmp_path: Path, market: tuple[Bars, np.ndarray], gap_days: int) -> None:
    bars, bench = market
    rows = np.arange(bars.n_bars, dtype=np.int32)
    expected = factor_signals(bars, bench, rows, gap_days=gap_days)
    columns = {name: getattr(bars, name) for name in ("open", "high", "low", "close", "volume")}
    columns |= {"raw_close": bars.close, "raw_volume": bars.volume, "bench_close": bench}
    arrays = TickerArrays("T", bars.dates, columns, segment_starts(bars.dates, gap_days))
    panel = Panel([arrays], np.zeros(len(rows), np.int32), rows, bars.dates, np.ones(len(rows), bool))
    (source,) = find_sources(with_eight(tmp_path))
    signals, problem = declared_by(source)
    assert problem == ""
    for signal in signals:
        found = all_values(signal, panel, LIMITS)
        name = signal.name.removeprefix("own_")
        assert found.tobytes() == expected[name].tobytes(), name
        assert 0 < np.isnan(found).sum() < len(found)


def test_they_declare_the_same_lookback_and_sign(tmp_path: Path) -> None:
    (source,) = find_sources(with_eight(tmp_path))
    declared = {one.name: (one.lookback, one.sign) for one in declared_by(source)[0]}
    assert declared == {f"own_{signal.name}": (signal.lookback, signal.sign) for signal in SIGNALS}
