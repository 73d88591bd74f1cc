"""Equal-weight holds: by hand and against the naive form."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btassets.engine.portfolio.equal_weight import equal_weight_hold, equal_weight_renewed
from btassets.engine.portfolio.panel import BarPanel
from btassets_tests.reference import naive_book


def panel_of(closes, step=1):
    """Panel of `{session: close}` per ticker, sessions `step` days apart."""
    n = max(max(own) for own in closes) + 1
    calendar = (18_000 + step * np.arange(n)).astype(np.int32)
    offsets = np.cumsum([0] + [len(own) for own in closes])
    dates = np.concatenate([calendar[list(own)] for own in closes])
    close = np.array([c for own in closes for c in own.values()], float)
    return BarPanel.from_dates(calendar, offsets, dates, open=close, high=close, low=close, close=close)


def test_an_ended_tickers_value_goes_to_the_rest():
    panel = panel_of([{0: 10, 1: 20}, {0: 10, 1: 10, 2: 10, 3: 20}, {0: 5, 1: 5, 2: 5, 3: 5}], step=10)
    value = equal_weight_hold(panel, np.array([True, True, True]), 0, 300.0)
    # 100 each; 200 + 100 + 100, the 200 go half and half; then the second doubles
    assert value.tolist() == pytest.approx([300, 400, 400, 600])
    lost = equal_weight_hold(panel, np.array([True, True, True]), 0, 300.0, delisting_return=-1.0)
    assert lost.tolist() == pytest.approx([300, 200, 200, 300])


def test_renewal_goes_back_to_equal_weights_and_pays_for_its_turnover():
    panel = panel_of([{0: 10, 1: 30, 2: 30}, {0: 10, 1: 10, 2: 20}])
    both = np.ones((2, 2), bool)
    value, turnover = equal_weight_renewed(panel, np.array([0, 1]), both, 200.0, cost_frac=0.0)
    assert value.tolist() == pytest.approx([200, 400, 600])
    assert turnover.tolist() == pytest.approx([1.0, 0.5])
    value, _ = equal_weight_renewed(panel, np.array([0, 1]), both, 200.0, cost_frac=0.01)
    bought = 198.0
    at_1 = bought * 2
    assert value.tolist() == pytest.approx([200, at_1, at_1 * 0.995 * 1.5])


def test_a_ticker_without_a_bar_stays_and_one_that_is_no_longer_eligible_goes():
    panel = panel_of([{0: 10, 2: 40}, {0: 10, 1: 10, 2: 10}, {0: 10, 1: 10, 2: 20}])
    eligible = np.array([[True, True, False], [False, False, True]])
    value, turnover = equal_weight_renewed(panel, np.array([0, 1]), eligible, 200.0, cost_frac=0.0)
    assert value.tolist() == pytest.approx([200, 200, 400 + 200])
    assert turnover.tolist() == pytest.approx([1.0, 1.0])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(2, 40), st.sampled_from([0.0, -0.4]))
def test_hold_equals_the_naive_form(seed, n_tickers, n_sessions, delisting_return):
    rng = np.random.default_rng(seed)
    start = int(rng.integers(0, n_sessions))
    closes = []
    for t in range(n_tickers):
        last = n_sessions if t == 0 else int(rng.integers(start + 1, n_sessions + 1))
        fixed = {start, n_sessions - 1} if t == 0 else {start}
        keep = [s for s in range(last) if s in fixed or rng.uniform() > 0.2]
        closes.append({s: float(rng.uniform(1, 9)) for s in keep})
    panel = panel_of(closes, step=3)
    if len(panel.calendar) <= start:
        return
    value = equal_weight_hold(panel, np.ones(n_tickers, bool), start, 1000.0, delisting_return=delisting_return)
    calendar = panel.calendar.tolist()
    bars = {t: {calendar[s]: (c, c, c, c) for s, c in own.items()} for t, own in enumerate(closes)}
    naive = naive_book.equal_weight_hold(
        bars, list(range(n_tickers)), calendar, calendar[start], 1000.0, delisting_return
    )
    assert value.tolist() == pytest.approx(naive, rel=1e-11)
