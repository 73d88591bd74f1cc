"""Splits that nobody recorded and changes of unit, against falls that a market made."""

from dataclasses import replace

import numpy as np
import pytest

from btassets.engine.market.quality import screen_bars
from btassets.engine.market.quality_rules import Override, QualityRules
from btassets.engine.market.quality_scale import scale_changes
from btassets.engine.market.raw_bars import Basis, RawBars

N_BARS, AT = 160, 100


def quiet_bars(seed: int = 1, n: int = N_BARS) -> RawBars:
    """A stock that moves by a percent a day on about a million shares."""
    rng = np.random.default_rng(seed)
    close = 80.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, n)))
    opens = np.append(close[0], close[:-1]) * np.exp(rng.normal(0.0, 0.003, n))
    high = np.maximum(opens, close) * (1.0 + rng.uniform(0.002, 0.008, n))
    low = np.minimum(opens, close) * (1.0 - rng.uniform(0.002, 0.008, n))
    volume = np.round(1e6 * np.exp(rng.normal(0.0, 0.15, n)))
    return RawBars((18687 + np.arange(n)).astype(np.int32), opens, high, low, close, volume, np.zeros(n), np.ones(n))


def rescaled(bars: RawBars, price: float, volume: float, at: int = AT) -> RawBars:
    """Prices times `price` and volume times `volume` from bar `at` on."""
    later = np.arange(len(bars)) >= at
    prices = {
        name: np.where(later, getattr(bars, name) * price, getattr(bars, name))
        for name in ("open", "high", "low", "close")
    }
    return replace(bars, **prices, volume=np.where(later, bars.volume * volume, bars.volume))


def codes(bars: RawBars, basis: Basis) -> list[tuple[str, str, int | None, int]]:
    return [(p.rule, p.severity, p.date, p.n) for p in screen_bars("T", bars, basis=basis).problems]


@pytest.mark.parametrize("basis", ["raw", "split", "total"])
@pytest.mark.parametrize(
    ("ratio", "spelled"),
    [
        (2, "2:1"),
        (3, "3:1"),
        (6, "6:1"),
        (8, "8:1"),
        (15, "15:1"),
        (20, "20:1"),
        (50, "50:1"),
        (2.5, "5:2"),
        (1.5, "3:2"),
        (4 / 3, "4:3"),
        (1 / 2, "1:2"),
        (1 / 6, "1:6"),
        (1 / 8, "1:8"),
        (1 / 25, "1:25"),
        (2 / 3, "2:3"),
    ],
)
def test_a_missed_split_of_any_simple_ratio_is_refused_with_ratio_and_date(
    basis: Basis, ratio: float, spelled: str
) -> None:
    bars = rescaled(quiet_bars(), 1.0 / ratio, ratio)
    jumped = [("Q7", "block" if ratio < 1 / 3 else "warn", 18687 + AT, 1)] if ratio <= 0.5 else []
    assert codes(bars, basis) == [("Q8", "block", 18687 + AT, 1), *jumped]
    text = screen_bars("T", bars, basis=basis).problems[0].text
    assert f"T 2021-06-09: open {bars.open[AT]:g}" in text
    assert f"an unrecorded {spelled} split" in text
    assert "source.basis" in text or basis == "raw"
    kept = screen_bars("T", bars, basis=basis, overrides=[Override("T", rule, "real.") for rule in ("Q7", "Q8")])
    assert kept.bars is not None


@pytest.mark.parametrize("unit", [0.01, 0.001, 0.1, 100.0, 1000.0, 10.0])
def test_a_change_of_unit_for_good_is_refused(unit: float) -> None:
    bars = rescaled(quiet_bars(2), unit, 1.0)
    assert ("Q23", "block", 18687 + AT, 1) in codes(bars, "total")
    text = screen_bars("T", bars, basis="total").problems[0].text
    assert f"changes by {max(unit, 1 / unit):g} " in text
    # and back again: two changes, the first is named
    both = rescaled(bars, 1.0 / unit, 1.0, AT + 30)
    assert ("Q23", "block", 18687 + AT, 2) in codes(both, "total")


@pytest.mark.parametrize("seed", range(5))
def test_a_recorded_split_and_an_ordinary_market_are_no_finding(seed: int) -> None:
    bars = quiet_bars(seed)
    split = np.ones(N_BARS)
    split[AT] = 20.0
    assert codes(rescaled(replace(bars, split=split), 1 / 20, 20.0), "raw") == []
    assert codes(bars, "raw") == codes(bars, "total") == []


@pytest.mark.parametrize(("fall", "activity", "width"), [(0.5, 8.0, 0.12), (0.66, 6.0, 0.08), (0.25, 20.0, 0.3)])
def test_a_fall_that_a_market_made_is_kept(fall: float, activity: float, width: float) -> None:
    bars = rescaled(quiet_bars(), fall, 1.0)
    wide = np.ones(N_BARS)
    wide[AT : AT + 5] = activity
    later = (np.arange(N_BARS) >= AT) & (np.arange(N_BARS) < AT + 5)
    high = np.where(later, bars.high * (1 + width / 2), bars.high)
    low = np.where(later, bars.low * (1 - width / 2), bars.low)
    crashed = replace(bars, high=high, low=low, volume=bars.volume * wide)
    assert all(severity != "block" for _, severity, _, _ in codes(crashed, "total"))


def test_one_misprinted_open_and_a_flat_series_are_no_change_of_scale() -> None:
    bars = quiet_bars()
    opens = bars.open.copy()
    opens[AT] *= 1.5
    misprint = replace(bars, open=opens, high=np.maximum(bars.high, opens))
    assert scale_changes(misprint, np.zeros(N_BARS - 1, bool), QualityRules()) == []
    flat = np.full(N_BARS, 10.0)
    still = rescaled(replace(bars, open=flat, high=flat, low=flat, close=flat), 0.5, 2.0)
    assert scale_changes(still, np.zeros(N_BARS - 1, bool), QualityRules()) == []
