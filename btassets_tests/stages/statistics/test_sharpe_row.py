"""The Sharpe ratio of a curve against its definition."""

import numpy as np
import pytest

from btassets.stages.statistics.sharpe_row import moments_of, sharpe_row


def test_the_ratio_is_that_of_its_daily_returns_and_inside_its_interval() -> None:
    rng = np.random.default_rng(3)
    returns = rng.normal(0.001, 0.01, 500)
    equity = 10_000.0 * np.cumprod(np.concatenate(([1.0], 1.0 + returns)))
    dates = np.arange(18_000, 18_701, dtype=np.int32)
    dates = dates[(dates + 3) % 7 < 5][:501]
    row = sharpe_row("hold", equity, dates)
    assert row["estimate"] == pytest.approx(returns.mean() / returns.std(ddof=1) * np.sqrt(252))
    assert row["ci_lo"] < row["estimate"] < row["ci_hi"]
    assert row["ci_hi"] - row["estimate"] == pytest.approx(1.959964 * row["se"], rel=1e-6)
    assert (row["policy"], row["measure"], row["n_weeks"]) == ("hold", "sharpe", 500)
    assert moments_of(equity).n == 500
