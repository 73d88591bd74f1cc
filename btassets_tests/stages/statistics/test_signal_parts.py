"""A week kept from an earlier run is the week computed now, to the last bit."""

import numpy as np
import pytest

from btassets.engine.conventions import FORWARD_RETURN_DAYS
from btassets.stages.statistics.signal_parts import MEMORY_WEEKS, SignalRows, computed_parts, signal_parts

N_WEEKS, N_TICKERS = 45, 40


def market(seed=0, n_weeks=N_WEEKS, n_tickers=N_TICKERS, *, has_groups=True):
    rng = np.random.default_rng(seed)
    # Weeks are missing, as over a gap of the data, and tickers are in some weeks only.
    weeks = [w for w in range(n_weeks) if w not in (9, 20, 21)]
    cells = [(w, t) for w in weeks for t in range(n_tickers) if rng.random() > 0.1]
    week, ticker = np.array(cells).T
    values = rng.standard_normal((3, len(cells))).round(1)
    values[rng.random(values.shape) < 0.05] = np.nan
    forward = 0.05 * rng.standard_normal((len(FORWARD_RETURN_DAYS), len(cells)))
    forward[:, week > n_weeks - 3] = np.nan
    return SignalRows(
        (4 + 7 * week).astype(np.int32),
        ticker.astype(np.int32),
        [f"T{k:02}" for k in range(n_tickers)],
        values,
        forward,
        forward[0] - 0.01,
        ticker.astype(np.int64) % 4 if has_groups else None,
    )


def arrays(parts):
    tables = [parts.plain, parts.weekly, *([parts.neutral] if parts.neutral is not None else [])]
    fifths = parts.fifths
    return [
        *(array for table in tables for array in (table.week, table.ic, table.spread, table.size)),
        *(fifths.mean_return, fifths.turnover, fifths.autocorrelation),
    ]


def assert_equal(found, expected):
    for one, other in zip(arrays(found), arrays(expected), strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("has_groups", [True, False])
def test_parts_put_together_are_the_computed_arrays(has_groups):
    rows = market(has_groups=has_groups)
    found, kept = signal_parts(rows, {}, "code")
    assert_equal(found, computed_parts(rows))
    assert len(kept) == len(np.unique(rows.monday))
    again, same = signal_parts(rows, kept, "code")
    assert_equal(again, found)
    assert same == kept


def changed_at(rows, week, name):
    """The rows with one number of one week changed, in a copy."""
    at = int(np.flatnonzero(rows.monday == 4 + 7 * week)[3])
    copies = {field: getattr(rows, field).copy() for field in ("values", "forward", "following", "group")}
    if copies[name].ndim == 2:
        copies[name][0, at] = 0.5
    else:
        copies[name][at] = 1 + np.nan_to_num(copies[name][at])
    return rows._replace(**copies)


@pytest.mark.parametrize("name", ["values", "forward", "following", "group"])
@pytest.mark.parametrize("week", [0, 8, 22, N_WEEKS - 1])
def test_a_changed_week_changes_the_weeks_that_remember_it_and_no_other_is_computed(week, name, monkeypatch):
    rows = market()
    _, kept = signal_parts(rows, {}, "code")
    changed = changed_at(rows, week, name)
    expected = computed_parts(changed)
    computed = []
    monkeypatch.setattr(
        "btassets.stages.statistics.signal_parts.computed_parts",
        lambda taken: computed.append(np.unique(taken.monday)) or computed_parts(taken),
    )
    found, now = signal_parts(changed, kept, "code")
    assert_equal(found, expected)
    weeks = np.unique(rows.monday)
    stale = weeks[[key not in kept for key in now]]
    assert stale.min() == 4 + 7 * week
    assert stale.max() <= 4 + 7 * (week + MEMORY_WEEKS) + 7 * 2  # the week after a gap remembers the one before it
    assert len(computed) == 1
    assert computed[0].min() >= 4 + 7 * (week - MEMORY_WEEKS)


def test_new_weeks_and_a_new_ticker_give_what_a_first_run_gives():
    whole = market(3)
    rows = whole.take(np.flatnonzero(whole.monday < 4 + 7 * (N_WEEKS - 6)))
    _, kept = signal_parts(rows, {}, "code")
    found, now = signal_parts(whole, kept, "code")
    first, keys = signal_parts(whole, {}, "code")
    assert_equal(found, first)
    assert now == keys
    assert len(set(now) - set(kept)) == 6
    # A ticker listed in the last week shifts the numbers of those after it, not their parts.
    late = int(np.flatnonzero(whole.monday == whole.monday.max())[0])
    listed = whole._replace(ticker=whole.ticker + 1, tickers=["NEW", *whole.tickers])
    listed.ticker[late] = 0
    assert_equal(signal_parts(listed, now, "code")[0], computed_parts(listed))
    assert len(set(signal_parts(listed, now, "code")[1]) - set(now)) == 1


def test_parts_of_other_code_are_not_used():
    rows = market()
    _, kept = signal_parts(rows, {}, "code")
    assert not set(signal_parts(rows, {}, "other")[1]) & set(kept)


def test_a_part_of_another_length_is_computed_again():
    rows = market()
    expected, kept = signal_parts(rows, {}, "code")
    found, _ = signal_parts(rows, dict.fromkeys(kept, b"too short"), "code")
    assert_equal(found, expected)
