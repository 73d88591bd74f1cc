"""Rules about moves between two bars: Q7 to Q10."""

import numpy as np
import pytest

from btassets.engine.market.quality import ScreenedBars, screen_bars
from btassets.engine.market.quality_rules import Override, QualityRules
from btassets.engine.market.raw_bars import Basis, RawBars

DAY_0 = 18687


def path(close: list[float], *, opens: list[float] | None = None, **extra: object) -> RawBars:
    """Bars along `close` after 100 bars at its first value; `extra` gives split, dividend, adjusted_close."""
    lead = [close[0]] * 100
    closes = np.array(lead + close, dtype=np.float64)
    openings = np.array(lead + (opens or close), dtype=np.float64)
    n = len(closes)

    def column(name: str, empty: float) -> np.ndarray:
        values = np.full(n, empty)
        for row, value in (extra.get(name) or {}).items():  # type: ignore[attr-defined]
            values[100 + row] = value
        return values

    return RawBars(
        (DAY_0 + np.arange(n)).astype(np.int32),
        openings,
        np.maximum(openings, closes) + 0.01,
        np.minimum(openings, closes) * 0.999,
        closes,
        np.full(n, 1000.0),
        column("dividend", 0.0),
        column("split", 1.0),
        adjusted_close=np.array(extra["adjusted"], dtype=np.float64) if "adjusted" in extra else None,
    )


def findings(result: ScreenedBars, rule: str) -> list[tuple[str, int, int]]:
    return [(p.severity, (p.date or 0) - DAY_0 - 100, p.n) for p in result.problems if p.rule == rule]


@pytest.mark.parametrize(
    ("close", "expected"),
    [
        ([10, 10, 30.1, 30, 30], [("block", 2, 1)]),  # up more than 3 times
        ([10, 10, 29.9, 29, 29], [("warn", 2, 1)]),
        ([10, 10, 15.9, 15.9], []),
        ([10, 10, 16.1, 16.1], [("warn", 2, 1)]),
        ([10, 10, 6.3, 6.3], []),
        ([10, 10, 6.2, 6.2], [("warn", 2, 1)]),
        ([10, 10, 3.3, 3, 3, 3, 3, 3, 3, 3], [("warn", 2, 1)]),  # a fall that lasts is kept
        ([10, 10, 3.3, 3, 3, 3, 3, 8.0, 3], [("block", 2, 1), ("warn", 7, 2)]),  # undone by the 5th next bar
        ([10, 10, 3.3, 3, 3, 3, 3, 7.9, 3], [("warn", 2, 1), ("warn", 7, 2)]),  # not within 20%
        ([10, 10, 3.3, 3, 3, 3, 3, 3, 8.0], [("warn", 2, 1), ("warn", 8, 1)]),  # the 6th is too late
        ([10, 10, 3.3], [("warn", 2, 1)]),  # the last bar: nothing undoes it
        ([10, 10, 0.1, 10, 10], [("block", 3, 1), ("block", 2, 1)]),  # decimal slip: down undone, and up
    ],
)
def test_q7_jumps(close: list[float], expected: list[tuple[str, int, int]]) -> None:
    result = screen_bars("T", path(close), basis="total")
    assert findings(result, "Q7") == expected
    assert result.is_blocked == any(severity == "block" for severity, _, _ in expected)


def test_q7_overridden_keeps_the_bars() -> None:
    raw = path([10, 10, 40, 40])
    result = screen_bars("T", raw, basis="total", overrides=[Override("T", "Q7", "short squeeze of 2021-06.")])
    assert result.bars is raw
    assert findings(result, "Q7") == [("warn", 2, 1)]
    assert "short squeeze of 2021-06." in result.problems[-1].text


@pytest.mark.parametrize("basis", ["raw", "split", "total"])
def test_q7_sees_returns_after_the_actions_that_the_basis_leaves_open(basis: Basis) -> None:
    # 1:10 reverse split on row 2: raw prices rise ten times
    raw = path([10, 10, 100, 100], split={2: 0.1})
    fired = {("Q7", "block"), ("Q8", "block")} if basis != "raw" else set()
    result = screen_bars("T", raw, basis=basis)
    assert {(p.rule, p.severity) for p in result.problems} == fired
    # a dividend of nearly the whole price
    paid = path([10, 10, 2.5, 2.5], dividend={2: 7.4})
    lasting = [("warn", 2, 1)] if basis == "total" else []
    assert findings(screen_bars("T", paid, basis=basis), "Q7") == lasting


@pytest.mark.parametrize("ratio", [2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 1 / 2, 1 / 3, 1 / 4, 1 / 5, 1 / 7, 1 / 10])
def test_q8_an_open_that_looks_like_a_split_blocks_raw_bars_only(ratio: float) -> None:
    for off, is_fired in ((1.0, True), (1.019, True), (0.981, True), (1.021, False), (0.979, False)):
        there = 10.0 * ratio * off
        raw = path([10, 10, there, there])
        assert findings(screen_bars("T", raw), "Q8") == ([("block", 2, 1)] if is_fired else []), off
    there = 10.0 * ratio
    raw = path([10, 10, there, there])
    assert findings(screen_bars("T", raw, basis="split"), "Q8") == []
    recorded = path([10, 10, there, there], split={2: 1.0 / ratio})
    assert screen_bars("T", recorded).problems == ()
    assert screen_bars("T", raw, overrides=[Override("T", "Q8", "real.")]).is_blocked == (ratio > 3.0)  # Q7 stays


def test_q8_a_large_dividend_explains_the_fall_and_a_small_one_does_not() -> None:
    assert findings(screen_bars("T", path([10, 10, 5, 5], dividend={2: 2.1})), "Q8") == []
    assert findings(screen_bars("T", path([10, 10, 5, 5], dividend={2: 1.9})), "Q8") == [("block", 2, 1)]
    # only the open counts: a fall during the day is a fall
    assert findings(screen_bars("T", path([10, 10, 5, 5], opens=[10, 10, 9.5, 5])), "Q8") == []


@pytest.mark.parametrize("ratio", [2.0, 1.5, 20.0, 0.1])
def test_q8_a_recorded_split_that_the_prices_do_not_show_means_a_wrong_basis(ratio: float) -> None:
    adjusted = path([10, 10, 10.2, 10.2], split={2: ratio})
    assert findings(screen_bars("T", adjusted, basis="raw"), "Q8") == [("block", 2, 1)]
    assert "adjusted already" in screen_bars("T", adjusted, basis="raw").problems[-1].text
    for basis in ("split", "total"):
        assert screen_bars("T", adjusted, basis=basis).problems == ()
        shown = path([10, 10, 10.2 / ratio, 10.2 / ratio], split={2: ratio})
        assert ("block", 2, 1) in findings(screen_bars("T", shown, basis=basis), "Q8")
    assert screen_bars("T", path([10, 10, 9.9, 9.9], split={2: 1.054})).problems == ()


def test_q8_without_ratios_is_off() -> None:
    assert findings(screen_bars("T", path([10, 10, 5, 5]), QualityRules(split_ratios=())), "Q8") == []


@pytest.mark.parametrize(
    ("off", "expected"),
    [(1.0, []), (1.004, []), (1.006, [("warn", 2, 1)]), (1.19, [("warn", 2, 1)]), (1.21, [("block", 2, 1)])],
)
def test_q9_adjusted_close_against_close_and_actions(off: float, expected: list[tuple[str, int, int]]) -> None:
    # row 2: 2:1 split and a dividend of 0.5 a new share; growth (5*2 + 0.5*2)/10 = 1.1
    adjusted = [4.0] * 102 + [4.4 * off] * 2
    raw = path([10, 10, 5, 5], split={2: 2.0}, dividend={2: 0.5}, adjusted=adjusted)
    result = screen_bars("T", raw)
    assert findings(result, "Q9") == expected
    assert result.is_blocked == (off > 1.2)


def test_q9_knows_what_the_basis_has_in_it() -> None:
    raw = path([10, 10, 9.5, 9.5], dividend={2: 0.5}, adjusted=[10.0] * 104)
    assert screen_bars("T", raw, basis="split").problems == ()
    assert findings(screen_bars("T", raw, basis="total"), "Q9") == [("warn", 2, 1)]


def test_q9_rows_without_an_adjusted_close_are_said_and_not_compared() -> None:
    adjusted = [10.0] * 104
    adjusted[101], adjusted[103] = np.nan, 0.0
    result = screen_bars("T", path([10, 10, 10, 10], adjusted=adjusted))
    assert findings(result, "Q9") == [("warn", 1, 2)]
    assert not result.is_blocked


@pytest.mark.parametrize(
    ("close", "is_fired"),
    [
        ([10, 10, 14.1, 10.4, 10.4], True),
        ([10, 10, 13.9, 10.4, 10.4], False),
        ([10, 10, 14.1, 10.6, 10.6], False),
        ([10, 10, 5.9, 9.6, 9.6], True),
        ([10, 10, 6.1, 9.6, 9.6], False),
    ],
)
def test_q10_a_spike_of_one_bar(close: list[float], is_fired: bool) -> None:
    result = screen_bars("T", path(close), basis="total")
    assert findings(result, "Q10") == ([("warn", 2, 1)] if is_fired else [])
    assert not result.is_blocked


def test_one_bar_has_no_returns() -> None:
    raw = path([10])
    single = RawBars(
        *(getattr(raw, name)[:1] for name in ("dates", "open", "high", "low", "close", "volume", "dividend", "split"))
    )
    assert {problem.rule for problem in screen_bars("T", single).problems} == {"Q22"}
