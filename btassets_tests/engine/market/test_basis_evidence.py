"""Which basis prices are on, as far as their actions show it."""

from dataclasses import replace

import numpy as np
import pytest

from btassets.engine.market.basis_evidence import DividendDrop, basis_of, evidence_of, volume_contradicts
from btassets.engine.market.raw_bars import RawBars
from btassets_tests.support.situations import rescaled, walk, weekdays

AT = 150


def with_split(ratio: float, *, price: bool, volume: bool, seed: int = 1) -> RawBars:
    """Bars with a recorded split that prices or volume show."""
    bars = walk(seed, weekdays())
    bars = rescaled(bars, AT, 1.0 / ratio if price else 1.0, ratio if volume else 1.0)
    split = np.ones(len(bars))
    split[AT] = ratio
    return replace(bars, split=split)


def with_dividends(seed: int, *, in_price: bool, is_known: bool = True) -> RawBars:
    """A share that pays 1% of its price every 20 bars."""
    bars = walk(seed, weekdays())
    paid = np.zeros(len(bars))
    paid[20::20] = 0.01 * bars.close[19:-1:20]
    factor = np.ones(len(bars))
    for row in np.flatnonzero(paid):
        factor[row:] *= 0.99
    scaled = {name: getattr(bars, name) * factor for name in ("open", "high", "low", "close")} if in_price else {}
    adjusted = bars.close / factor[-1] if in_price and is_known else bars.close if is_known else None
    paid = paid * factor if in_price else paid
    return replace(bars, dividend=paid, adjusted_close=None if adjusted is None else adjusted * factor[-1], **scaled)


@pytest.mark.parametrize("ratio", [2.0, 7.0, 1 / 8])
def test_recorded_splits_tell_raw_from_applied(ratio: float) -> None:
    raw, applied = (evidence_of(with_split(ratio, price=price, volume=True)) for price in (True, False))
    assert (len(raw.splits_in_price), len(raw.splits_applied)) == (1, 0)
    assert (len(applied.splits_in_price), len(applied.splits_applied)) == (0, 1)
    found = basis_of([("A", raw)], has_splits=True)
    assert found is not None
    assert (found[0], "1 recorded splits" in found[1]) == ("raw", True)


@pytest.mark.parametrize(("in_price", "basis"), [(True, "split"), (False, "total")])
def test_many_ex_dates_tell_total_return_from_prices_alone(in_price: bool, basis: str) -> None:
    pairs = [(f"T{k}", evidence_of(with_dividends(k, in_price=in_price, is_known=False))) for k in range(12)]
    found = basis_of(pairs, has_splits=False)
    assert found is not None
    assert found[0] == basis
    assert found[1].endswith("ex-dates")


def test_an_adjusted_close_tells_by_itself() -> None:
    alone = evidence_of(with_dividends(3, in_price=True))
    assert alone.differs_from is not None
    quiet = [("A", alone.__class__(differs_from=alone.differs_from, has_adjusted=True))]
    assert basis_of(quiet, has_splits=False) is not None
    same = [("A", alone.__class__(has_adjusted=True))]
    assert basis_of(same, has_splits=False) == ("total", "the adjusted close equals the close")
    assert basis_of([("A", alone.__class__())], has_splits=False) is None
    assert DividendDrop().is_in_price is None


@pytest.mark.parametrize("ratio", [2.0, 4.0, 50.0, 0.1])
def test_volume_on_another_basis_than_the_prices(ratio: float) -> None:
    assert volume_contradicts(with_split(ratio, price=True, volume=True), "raw") == []
    assert volume_contradicts(with_split(ratio, price=True, volume=False), "raw") == [AT]
    assert volume_contradicts(with_split(ratio, price=False, volume=True), "split") == [AT]
    assert volume_contradicts(with_split(ratio, price=False, volume=False), "total") == []


def test_a_busier_market_is_no_other_basis() -> None:
    bars = with_split(4.0, price=False, volume=False)
    busy = replace(bars, volume=bars.volume * np.linspace(1.0, 6.0, len(bars)))
    assert volume_contradicts(busy, "split") == []


def test_volume_that_grows_by_half_of_a_large_reverse_split_is_no_other_basis() -> None:
    bars = with_split(1 / 20, price=True, volume=True)
    grown = replace(bars, volume=np.where(np.arange(len(bars)) < AT, 1.0, 7.7) * bars.volume)  # 0.32 of log 20
    assert volume_contradicts(grown, "raw") == []
