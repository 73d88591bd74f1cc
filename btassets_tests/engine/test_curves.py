"""Drawdown and Sharpe of equity curves, against empyrical."""

import numpy as np
import pytest

from btassets.engine.curves import curve_risk


def test_drawdown_and_sharpe_against_empyrical():
    import empyrical

    steps = np.random.default_rng(9).standard_normal((5, 600)) * 0.012 + 0.0003
    equity = 10_000.0 * np.cumprod(np.concatenate((np.ones((5, 1)), 1.0 + steps), axis=1), axis=1)
    starts = np.array([0, 0, 40, 0, -1])
    drawdown, sharpe = curve_risk(equity, starts, 2.0)
    for k in range(4):
        curve = equity[k, starts[k] :]
        returns = curve[1:] / curve[:-1] - 1.0
        assert drawdown[k] == pytest.approx(-empyrical.max_drawdown(returns), rel=1e-9)
        assert sharpe[k] == pytest.approx(empyrical.sharpe_ratio(returns), rel=1e-9)
    assert (drawdown[4], np.isnan(sharpe[4])) == (0.0, True)
