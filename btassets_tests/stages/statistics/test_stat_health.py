"""Facts about the data behind the statistics: survivors, overlap, expiries, missing benchmarks."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from btassets.settings.models import Settings
from btassets.stages.statistics.stat_health import health_rows
from btassets.stages.statistics.stat_sample import Sample
from btassets_tests.support.stored_tables import StoredTables, raw_bars

DAYS = np.arange(18_000, 18_260)


def sample(**changes):
    values = dict.fromkeys(field.name for field in dataclasses.fields(Sample))
    values |= {
        "flags": {"qualified": np.array([True, True, True, False])},
        "floats": {"target_gap_r": np.array([0.1, np.nan, 0.3, 9.0])},
        "asof_session": np.array([0, 10, 20, 30]),
        "label_end_session": np.array([30, 14, 26, 99]),
        "net_r": np.array([[1.0], [np.nan], [2.0], [3.0]]),
        "adjusted_r": np.array([[1.0], [np.nan], [np.nan], [np.nan]]),
        "n_graded": 40,
        "n_expired": 10,
        "walk": [None, None],
    }
    return Sample(**(values | changes))


def health(tmp_path, given=None, n_tickers=3, n_ended=0, days=DAYS, **outside):
    bars = {f"T{k:03d}": raw_bars(days[-2:], 5.0) for k in range(n_tickers - n_ended)}
    bars |= {f"E{k:03d}": raw_bars(days[:2], 5.0) for k in range(n_ended)}
    tables = StoredTables(tmp_path, **outside).put_bars(bars).put_sessions(days)
    return {row["fact"]: row for row in health_rows(tables, Settings(), given or sample())}


def test_counts_by_hand(tmp_path):
    found = {fact: row["value"] for fact, row in health(tmp_path, n_tickers=4, n_ended=1).items()}
    assert (found["tickers"], found["ended_early"], found["windows"]) == (4, 1, 2)
    assert found["weeks"] == 37  # Fridays
    assert (found["graded_setups"], found["qualified_setups"], found["expired"]) == (40, 3, 0.25)
    assert found["mean_overlap"] == pytest.approx((25 + 0 + 1) / 3)
    assert found["target_gap_r"] == pytest.approx(0.2)
    assert found["without_benchmark"] == 1  # a result without its benchmark's; the second has neither


@pytest.mark.parametrize(
    ("n_tickers", "n_ended", "n_days", "is_dated", "flag"),
    [
        (50, 0, 250, False, 1.0),
        (49, 0, 250, False, 0.0),
        (50, 0, 249, False, 0.0),
        (51, 1, 250, False, 0.0),
        (50, 0, 250, True, 0.0),
    ],
)
def test_a_long_list_of_survivors_is_suspicious(tmp_path, n_tickers, n_ended, n_days, is_dated, flag):
    names = [f"T{k:03d}" for k in range(60)] + ["E000"]
    membership = SimpleNamespace(spells=dict.fromkeys(names, ())) if is_dated else None
    found = health(tmp_path, n_tickers=n_tickers, n_ended=n_ended, days=DAYS[:n_days], membership=membership)
    row = found["survivorship"]
    assert row["value"] == flag
    assert ("survivorship bias" in row["text"]) == bool(flag)


def test_nothing_graded_has_no_share_and_few_windows_are_said(tmp_path):
    empty = sample(
        flags={"qualified": np.zeros(0, bool)},
        floats={"target_gap_r": np.zeros(0)},
        **{name: np.zeros(0, np.int64) for name in ("asof_session", "label_end_session")},
        **{name: np.zeros((0, 1)) for name in ("net_r", "adjusted_r")},
        n_graded=0,
        n_expired=0,
        walk=[],
    )
    found = health(tmp_path, empty)
    for fact in ("expired", "mean_overlap", "target_gap_r"):
        assert found[fact]["value"] is None, fact
    assert "no out-of-sample result" in found["windows"]["text"]
    assert found["without_benchmark"]["value"] == 0
