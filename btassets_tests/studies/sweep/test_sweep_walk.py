"""The walk-forward of a sweep against a plain loop; nothing of a window enters its own choice."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from btassets.engine.statistics.walk_forward import windows
from btassets.studies.sweep.sweep_walk import LEAST_DAYS, walk_forward

N = 900
CALENDAR = np.arange(10_000, 10_000 + N, dtype=np.int32)


def book(returns, first=260):
    """A portfolio that starts at session `first` with these daily returns."""
    equity = 1_000.0 * np.cumprod(np.concatenate([[1.0], 1.0 + returns]))
    return SimpleNamespace(dates=CALENDAR[first : first + len(equity)], equity=equity)


def books(seed, n=4, first=260):
    rng = np.random.default_rng(seed)
    return [book(rng.normal(0.0003 * k, 0.01, N - first - 1), first) for k in range(n)]


SCORES = {
    "sharpe": lambda r: np.mean(r) / np.std(r, ddof=1),
    "total_return_pct": lambda r: math.prod(1.0 + r),
    "max_drawdown_pct": lambda r: -naive_drawdown(r),
}


def naive_drawdown(returns):
    value, peak, worst = 1.0, 1.0, 0.0
    for r in returns:
        value *= 1.0 + r
        peak = max(peak, value)
        worst = max(worst, 1.0 - value / peak)
    return worst


@pytest.mark.parametrize("by", [*SCORES, "net_avg_r"])
def test_each_window_takes_the_cell_that_was_best_before_it(by):
    cells = books(5)
    found = walk_forward(cells, CALENDAR, by=by, label_days=30)
    score = SCORES.get(by, SCORES["sharpe"])
    assert found["by"] == (by if by in SCORES else "sharpe")
    expected, mine, own = [], [], []
    for window in windows(252, N - 31, horizon=30):
        # Return of session s is at place s - 261: the first point of the curve has none.
        past, test = slice(0, window.test_first - 261), slice(window.test_first - 261, window.test_last - 260)
        daily = [np.diff(one.equity) / one.equity[:-1] for one in cells]
        if window.test_first - 261 < LEAST_DAYS:
            continue
        pick = int(np.argmax([score(r[past]) for r in daily[:-1]]))
        expected.append(pick)
        mine.extend(daily[pick][test])
        own.extend(daily[-1][test])
    assert [row["cell"] for row in found["windows"]] == expected
    assert len(expected) >= 3
    assert found["n_days"] == len(mine)
    for name, returns in (("chosen", np.array(mine)), ("own", np.array(own))):
        assert found[name]["sharpe"] == pytest.approx(SCORES["sharpe"](returns) * math.sqrt(252), abs=6e-5)
        assert found[name]["max_drawdown_pct"] == pytest.approx(100 * naive_drawdown(returns), abs=6e-5)
    gap = found["chosen"]["sharpe"] - found["own"]["sharpe"]
    assert found["difference_sharpe"]["value"] == pytest.approx(gap, abs=2e-4)
    assert found["difference_pct"]["value"] == pytest.approx((np.mean(mine) - np.mean(own)) * 25_200, abs=6e-5)


def test_no_day_of_a_window_enters_its_choice():
    cells = books(6)
    found = walk_forward(cells, CALENDAR, by="sharpe", label_days=30)
    last = windows(252, N - 31, horizon=30)[-1]
    rng = np.random.default_rng(1)
    for one in cells:  # the last window onwards is another world
        one.equity[last.test_first - 260 :] *= np.cumprod(1.0 + rng.normal(0.0, 0.05, N - last.test_first))
    again = walk_forward(cells, CALENDAR, by="sharpe", label_days=30)
    assert [row["cell"] for row in again["windows"]] == [row["cell"] for row in found["windows"]]
    assert again["windows"][-1]["return_pct"] != found["windows"][-1]["return_pct"]
    assert again["windows"][:-1] == found["windows"][:-1]


def test_a_cell_that_never_trades_or_began_late_is_not_chosen():
    best = book(np.full(N - 261, 0.01) + np.tile([0.0, 0.001], N)[: N - 261])
    late = book(np.full(100, 0.05), first=N - 101)
    idle = book(np.zeros(N - 261))
    found = walk_forward([None, idle, late, best, idle], CALENDAR, by="sharpe", label_days=30)
    assert {row["cell"] for row in found["windows"]} == {3}
    assert found["own"]["sharpe"] is None
    assert found["own"]["cagr_pct"] == 0.0
    assert walk_forward([None, idle, idle], CALENDAR, by="sharpe", label_days=30) is None


def test_a_short_history_has_no_window():
    calendar = CALENDAR[:500]
    returns = np.full(200, 0.001)
    assert walk_forward([book(returns), book(returns)], calendar, by="sharpe", label_days=30) is None
