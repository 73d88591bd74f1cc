"""Pivots, levels, zones and projected targets: hand cases."""

import numpy as np
import pytest

from btassets.engine.setups import levels


def plain(function):
    """The twin that Python can call: helpers are compiled without a wrapper."""
    return getattr(function, "py_func", function)


def pivots(high, low, arm=2):
    bar, price = np.empty(2 * len(high), np.int32), np.empty(2 * len(high))
    n = plain(levels.find_pivots)(np.asarray(high, float), np.asarray(low, float), arm, bar, price)
    return list(zip(bar[:n].tolist(), price[:n].tolist(), strict=True))


def test_a_plateau_counts_once_at_its_first_bar():
    high = [1, 2, 5, 5, 3, 2, 1]
    assert pivots(high, [0.5] * 7)[0] == (2, 5.0)
    assert [bar for bar, price in pivots(high, [0.5] * 7) if price == 5.0] == [2]


def test_a_bar_can_be_both_the_high_first():
    assert pivots([2, 2, 9, 2, 2], [1, 1, 0.5, 1, 1]) == [(2, 9.0), (2, 0.5)]


def test_constant_bars_have_no_pivot():
    assert pivots([3.0] * 9, [3.0] * 9) == []


def clusters(pairs, tolerance, volume=None):
    """Levels of (bar, price) pairs with decay 1, as-of bar 20."""
    bar = np.array([b for b, _ in pairs], dtype=np.int32)
    price = np.array([p for _, p in pairs], dtype=float)
    volume = np.ones(21) if volume is None else volume
    level = np.empty((2, 40))
    n = plain(levels.cluster_levels)(
        20, levels.Pivots(bar, price), volume, float(volume.mean()), np.ones(30), tolerance, np.empty((3, 42)), level
    )
    return [tuple(level[:, k].tolist()) for k in range(n)]


def test_two_average_touches_are_strength_50():
    assert clusters([(3, 10.0), (8, 10.2)], 0.5) == [(pytest.approx(10.1), 50.0)]


def test_the_densest_pivot_leads_and_nothing_chains():
    # 10.0-10.4-10.8-11.2: 10.4 and 10.8 see three each, the later one leads; 10.0 stays alone.
    found = clusters([(1, 10.0), (2, 10.4), (3, 10.8), (4, 11.2)], 0.45)
    assert found[0][0] == pytest.approx((10.4 + 10.8 + 11.2) / 3)
    assert found[1][0] == 10.0
    assert len(found) == 2


def test_of_equals_the_later_pivot_leads():
    assert [price for price, _ in clusters([(3, 10.0), (8, 20.0), (12, 30.0)], 0.1)] == [30.0, 20.0, 10.0]


def test_without_volume_every_touch_weighs_the_same():
    assert clusters([(3, 10.0), (8, 10.0)], 0.1, np.zeros(21)) == [(10.0, 50.0)]


def test_volume_counts_between_a_half_and_twice():
    volume = np.ones(21)
    volume[3], volume[8] = 1000.0, 0.0
    (loud, loud_strength), (quiet, quiet_strength) = sorted(clusters([(3, 10.0), (8, 20.0)], 0.1, volume))
    assert (loud, quiet) == (10.0, 20.0)
    assert loud_strength == pytest.approx(100 * 2 / 4)
    assert quiet_strength == pytest.approx(100 * 0.5 / 2.5)


def rules(max_targets=5):
    """Zones 1 ATR apart within 1 to 9 ATR; projected targets at 2, 3 and 4 ATR."""
    return levels.ZoneRules(1.0, 1.0, 9.0, max_targets, True, 2.0, 3.0, 4.0)


def zone(level_pairs, entry=100.0, sign=1.0, atr=1.0, max_targets=5):
    level = np.array(level_pairs, dtype=float).T.copy()
    target = np.empty((3, 8))
    n = plain(levels.zone_targets)(entry, sign, atr, level, rules(max_targets), np.empty((3, 20)), target)
    return [tuple(target[:, k].tolist()) for k in range(n)]


def test_the_strongest_level_represents_its_zone():
    assert zone([(102.0, 10.0), (103.0, 40.0), (104.5, 20.0)]) == [(103.0, 3.0, 40.0), (104.5, 4.5, 20.0)]


def test_of_equally_strong_levels_the_nearer_represents_the_zone():
    assert [t[0] for t in zone([(102.5, 10.0), (102.0, 10.0), (103.0, 10.0)])] == [102.0]  # 1 ATR is the same zone


def test_band_ends_are_included_and_the_close_is_on_no_side():
    assert [t[0] for t in zone([(101.0, 9.0), (109.0, 9.0), (100.0, 99.0), (109.5, 1.0), (100.9, 1.0)])] == [
        101.0,
        109.0,
    ]
    assert zone([(100.0, 50.0), (99.0, 9.0)], sign=-1.0) == [(99.0, 1.0, 9.0)]


def test_a_zone_out_of_the_band_still_hides_its_neighbours():
    assert zone([(109.6, 90.0), (108.8, 10.0)]) == []


def test_nearest_targets_are_kept():
    many = [(100.0 + k, 50.0 - k) for k in (8, 6.5, 5, 3.5, 2)]
    assert [t[0] for t in zone(many, max_targets=3)] == [102.0, 103.5, 105.0]


def test_projected_targets_need_a_price():
    target = np.empty((3, 3))
    project = plain(levels.projected_targets)
    assert project(100.0, 1.0, 2.0, rules(), target) == 3
    assert target.tolist() == [[104.0, 106.0, 108.0], [4.0, 6.0, 8.0], [0.0, 0.0, 0.0]]
    assert project(7.0, -1.0, 2.0, rules(), target) == 2
    assert target[0, :2].tolist() == [3.0, 1.0]
