"""Q11, Q13, Q14, Q15 as warnings about the newest bars: each fires one row beyond its threshold and not at it."""

import numpy as np
import pytest

from btassets.engine.market.quality_rules import QualityRules
from btassets.engine.market.quality_trailing import judge_trailing
from btassets.engine.market.raw_bars import RawBars

DAY_0 = 18000
SESSIONS = (DAY_0 + np.arange(300)).astype(np.int32)


def bars(missing: int = 0, idle: int = 0, flat: int = 0, frozen: int = 0, n: int = 300) -> RawBars:
    """`n` bars on consecutive sessions; the faults lie apart from each other among the last 126."""
    close = 50.0 + np.arange(n) % 7
    high, volume = close + 1.0, np.full(n, 100.0)
    low = close - 1.0
    volume[n - 20 : n - 20 + idle] = 0.0
    high[n - 40 : n - 40 + flat] = low[n - 40 : n - 40 + flat]
    close[n - 90 : n - 90 + frozen] = 51.5
    keep = np.ones(n, bool)
    keep[n - 100 : n - 100 + missing] = False
    columns = [column[keep] for column in (close, high, low, close, volume, np.zeros(n), np.ones(n))]
    return RawBars((DAY_0 + np.arange(n)).astype(np.int32)[keep], *columns)


def found(**faults: int) -> list[tuple[str, int]]:
    return [(p.rule, p.n) for p in judge_trailing("T", bars(**faults), SESSIONS)]


@pytest.mark.parametrize(
    ("fault", "most", "rule"), [("missing", 1, "Q11"), ("idle", 1, "Q13"), ("flat", 6, "Q14"), ("frozen", 9, "Q15")]
)
def test_each_rule_tells_what_is_beyond_its_threshold(fault: str, most: int, rule: str) -> None:
    assert found() == []
    assert found(**{fault: most}) == []
    assert found(**{fault: most + 1}) == [(rule, most + 1)]
    (problem,) = judge_trailing("T", bars(**{fault: most + 1}), SESSIONS)
    assert (problem.severity, problem.date) == ("warn", DAY_0 + 299)
    assert problem.text.startswith("T 2020-02-07: ")
    assert "126 sessions" in problem.text


def test_only_the_last_126_sessions_of_the_ticker_count() -> None:
    old = bars()
    old.volume[:150] = 0.0
    assert judge_trailing("T", old, SESSIONS) == ()
    # A young ticker misses nothing before its first bar.
    young = RawBars(*(getattr(bars(), name)[-30:] for name in RawBars.__match_args__[:8]))
    assert judge_trailing("T", young, SESSIONS) == ()
    # Bars after T are not there yet.
    assert judge_trailing("T", bars(idle=5), SESSIONS[:250]) == ()
    assert judge_trailing("T", bars(), SESSIONS[:0]) == ()


def test_the_thresholds_are_those_given() -> None:
    strict = QualityRules(warn_missing_frac=0.0, warn_zero_volume_frac=0.0, warn_flat_frac=0.0, warn_constant_bars=2)
    faulty = bars(missing=1, idle=1, flat=1, frozen=2)
    assert [p.rule for p in judge_trailing("T", faulty, SESSIONS, strict)] == ["Q11", "Q13", "Q14", "Q15"]
    mild = QualityRules(warn_missing_frac=1.0, warn_zero_volume_frac=1.0, warn_flat_frac=1.0, warn_constant_bars=99)
    assert judge_trailing("T", bars(missing=9, idle=9, flat=9, frozen=30), SESSIONS, mild) == ()
