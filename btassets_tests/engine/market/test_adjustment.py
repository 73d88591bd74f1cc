"""Backward adjustment against hand-made numbers and a plain loop."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btassets.engine.market.adjustment import (
    ImpossibleDividendError,
    adjusted_bars,
    adjustment_factors,
    is_plain_split,
)
from btassets.engine.market.raw_bars import BASES, Basis, RawBars


def bars(
    close: list[float], dividend: dict[int, float] | None = None, split: dict[int, float] | None = None
) -> RawBars:
    n = len(close)
    prices = np.array(close, dtype=np.float64)
    paid, ratio = np.zeros(n), np.ones(n)
    for row, value in (dividend or {}).items():
        paid[row] = value
    for row, value in (split or {}).items():
        ratio[row] = value
    return RawBars(
        np.arange(n, dtype=np.int32),
        prices,
        prices + 1.0,
        prices - 1.0,
        prices,
        np.full(n, 100.0),
        paid,
        ratio,
    )


def test_a_2_for_1_split_doubles_later_prices_and_halves_their_volume() -> None:
    view = adjusted_bars(bars([100, 102, 50, 51], split={2: 2.0}), "raw", "split")
    assert view.close.tolist() == [100.0, 102.0, 100.0, 102.0]
    assert view.high.tolist() == [101.0, 103.0, 102.0, 104.0]
    assert view.volume.tolist() == [100.0, 100.0, 50.0, 50.0]


def test_anchored_at_the_last_bar_it_halves_the_past_and_doubles_its_volume() -> None:
    view = adjusted_bars(bars([100, 102, 50, 51], split={2: 2.0}), "raw", "split", anchor="last")
    assert view.close.tolist() == [50.0, 51.0, 50.0, 51.0]
    assert view.high.tolist() == [50.5, 51.5, 51.0, 52.0]
    assert view.volume.tolist() == [200.0, 200.0, 100.0, 100.0]


def test_a_dividend_takes_its_share_of_the_close_before() -> None:
    raw = bars([100, 100, 98, 99], dividend={2: 2.0})
    view = adjusted_bars(raw, "raw", "total", anchor="last")
    np.testing.assert_allclose(view.close, [98.0, 98.0, 98.0, 99.0])
    np.testing.assert_allclose(adjusted_bars(raw, "raw", "total").close, view.close / 0.98)
    assert view.volume.tolist() == [100.0] * 4
    assert adjusted_bars(raw, "raw", "split").close.tolist() == raw.close.tolist()


def test_a_dividend_on_a_split_day_is_per_new_share() -> None:
    # 2:1 split and 1.0 a new share: 2.0 an old share, of a close of 100
    price, volume = adjustment_factors(bars([100, 49], dividend={1: 1.0}, split={1: 2.0}), "raw", "total")
    np.testing.assert_allclose(price, [1.0, 2.0 / 0.98])
    assert volume.tolist() == [1.0, 0.5]


def test_a_spin_off_code_adjusts_prices_and_leaves_volume() -> None:
    price, volume = adjustment_factors(bars([100, 95], split={1: 1.054}), "raw", "total")
    np.testing.assert_allclose(price, [1.0, 1.054])
    assert volume.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    "ratio", [2, 3, 7.00000700001, 1.49999925, 1 / 8, 0.05, 0.3333, 4 / 3, 20, 20 / 19, 21, 50, 12.5, 1 / 35, 1 / 150]
)
def test_plain_splits(ratio: float) -> None:
    assert is_plain_split(ratio).tolist() == [True]


@pytest.mark.parametrize("ratio", [1.054, 1.4869999, 1.275, 1.589, 2.31, 0.713])
def test_other_codes(ratio: float) -> None:
    assert is_plain_split(ratio).tolist() == [False]


def test_actions_on_the_first_bar_adjust_nothing() -> None:
    raw = bars([100, 101], dividend={0: 500.0}, split={0: 4.0})
    assert adjusted_bars(raw, "raw", "total").close is raw.close


@pytest.mark.parametrize("dividend", [100.0, 150.0])
def test_a_dividend_not_below_the_close_before_is_refused(dividend: float) -> None:
    raw = bars([100, 5], dividend={1: dividend})
    with pytest.raises(ImpossibleDividendError, match="1970-01-02: dividend 1") as caught:
        adjusted_bars(raw, "raw", "total")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    assert adjusted_bars(raw, "raw", "split").close is raw.close


@pytest.mark.parametrize("source", BASES)
@pytest.mark.parametrize("wanted", BASES)
def test_what_a_source_has_adjusted_is_not_adjusted_again(source: Basis, wanted: Basis) -> None:
    raw = bars([100, 100, 48, 50], dividend={2: 1.0}, split={2: 2.0})
    price, volume = adjustment_factors(raw, source, wanted)
    splits = 0.5 if source == "raw" and wanted != "raw" else 1.0
    # on a split-adjusted source the dividend is per share of the adjusted prices
    paid = 1.0 if source == "total" or wanted != "total" else 1.0 - (0.02 if source == "raw" else 0.01)
    np.testing.assert_allclose(price, [1.0, 1.0, 1.0 / (splits * paid), 1.0 / (splits * paid)])
    assert volume[-1] == splits
    last, _ = adjustment_factors(raw, source, wanted, anchor="last")
    np.testing.assert_allclose(last, [splits * paid, splits * paid, 1.0, 1.0])


@st.composite
def histories(draw: st.DrawFn) -> RawBars:
    n = draw(st.integers(1, 30))
    close = draw(st.lists(st.floats(20.0, 500.0), min_size=n, max_size=n))
    rows = st.integers(0, n - 1)
    dividend = draw(st.dictionaries(rows, st.floats(0.01, 3.0), max_size=6))
    split = draw(st.dictionaries(rows, st.sampled_from([2.0, 3.0, 0.5, 1.5, 0.1, 1.054, 1.589]), max_size=4))
    return bars(close, dividend, split)


@settings(max_examples=60, deadline=None)
@given(histories(), st.sampled_from(BASES), st.sampled_from(BASES))
def test_equals_the_plain_loop(raw: RawBars, source: Basis, wanted: Basis) -> None:
    n = len(raw)
    price, volume = [1.0] * n, [1.0] * n
    for i in range(n - 2, -1, -1):
        ratio = raw.split[i + 1] if source == "raw" and wanted != "raw" else 1.0
        step = 1.0 / ratio
        if source != "total" and wanted == "total":
            step *= 1.0 - raw.dividend[i + 1] * ratio / raw.close[i]
        price[i] = price[i + 1] * step
        volume[i] = volume[i + 1] * (ratio if ratio in (2.0, 3.0, 0.5, 1.5, 0.1) else 1.0)
    got_price, got_volume = adjustment_factors(raw, source, wanted, anchor="last")
    assert got_price.tolist() == price
    assert got_volume.tolist() == volume
    view = adjusted_bars(raw, source, wanted, anchor="last")
    np.testing.assert_array_equal(view.close, raw.close * price)
    assert view.close[-1] == raw.close[-1]
    first, first_volume = adjustment_factors(raw, source, wanted)
    assert first[0] == first_volume[0] == 1.0
    np.testing.assert_allclose(first, np.array(price) / price[0], rtol=1e-12)
    np.testing.assert_allclose(first_volume, np.array(volume) / volume[0], rtol=1e-12)


@settings(max_examples=30, deadline=None)
@given(histories(), st.data())
def test_more_bars_leave_the_past_as_it_is(raw: RawBars, data: st.DataObject) -> None:
    n = data.draw(st.integers(1, len(raw)))
    names = ("dates", "open", "high", "low", "close", "volume", "dividend", "split")
    shorter = RawBars(*(getattr(raw, name)[:n] for name in names))
    before = adjusted_bars(shorter, "raw", "total").close
    after = adjusted_bars(raw, "raw", "total").close[:n]
    assert after.tolist() == before.tolist()
