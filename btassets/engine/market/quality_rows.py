"""Which rows of one ticker to keep: duplicates (Q3), numbers (Q4, Q5), sessions (Q6), span (Q24), padding (Q16).

Belongs here: the rules that drop a row, and the transfer of its actions. Does not belong here: rules on a move between
two rows (`quality_returns.py`).
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from btassets.counted import counted
from btassets.engine.days import iso_day
from btassets.engine.market.quality_rules import Findings, QualityRules
from btassets.engine.market.raw_bars import RawBars

Mask = npt.NDArray[np.bool_]
Days = npt.NDArray[np.int32]

LEAST_PRICE, LARGEST_PRICE = 1e-9, 1e15
LARGEST_VOLUME = 1e18
LARGEST_SPLIT = 1e6
"""Bounds of a usable number: larger ones overflow when adjusted or multiplied, and none is a price. The largest real
ones are those of leveraged notes after many reverse splits, about 1e10."""

_FIELDS = ("dates", "open", "high", "low", "close", "volume", "dividend", "split")


def rows_kept(raw: RawBars, is_kept: Mask) -> RawBars:
    """Drop rows; their splits and dividends move to the next kept row.

    Splits multiply; a dividend that moves over a later split is divided by it, so that the cash per old share is
    unchanged. Actions after the last kept row are dropped, because no bar remains to adjust.

    Parameters
    ----------
    raw
        Ascending dates.
    is_kept
        Shape (n_bars,).
    """
    if is_kept.all():
        return raw
    kept = np.flatnonzero(is_kept)
    dividend, split = raw.dividend[kept], raw.split[kept]
    moving = np.flatnonzero(~is_kept & ((raw.dividend != 0.0) | (raw.split != 1.0)))
    for row in moving[::-1]:  # latest first, so that each joins the already moved later ones
        target = int(np.searchsorted(kept, row))
        if target < len(kept):
            dividend[target] += raw.dividend[row] / split[target]
            split[target] *= raw.split[row]
    return RawBars(
        raw.dates[kept],
        raw.open[kept],
        raw.high[kept],
        raw.low[kept],
        raw.close[kept],
        raw.volume[kept],
        dividend,
        split,
        None if raw.adjusted_close is None else raw.adjusted_close[kept],
        raw.notes,
    )


def sorted_by_date(raw: RawBars, found: Findings) -> RawBars:
    """Sort by date (Q3); merge equal duplicates, block unequal ones."""
    step = np.diff(raw.dates)
    if (step > 0).all():
        return raw
    bars = raw
    n_unsorted = int((step < 0).sum())
    if n_unsorted:
        order = np.argsort(raw.dates, kind="stable")
        bars = _taken(raw, order)
        if not (step < 0).all():  # newest first is a valid order too
            text = f"{n_unsorted} rows are not in date order; sorted."
            found.add("Q3", "info", None, n_unsorted, text)
    is_repeat = np.zeros(len(bars), dtype=np.bool_)
    is_repeat[1:] = bars.dates[1:] == bars.dates[:-1]
    if not is_repeat.any():
        return bars
    first = np.maximum.accumulate(np.where(is_repeat, 0, np.arange(len(bars))))
    differs = np.zeros(len(bars), dtype=np.bool_)
    for name in (*_FIELDS[1:], "adjusted_close"):
        values = getattr(bars, name)
        if values is not None:
            differs |= (values != values[first]) & ~(np.isnan(values) & np.isnan(values[first]))
    is_kept = ~is_repeat
    n_equal = int((is_repeat & ~differs).sum())
    if n_equal:
        day = int(bars.dates[np.flatnonzero(is_repeat & ~differs)[0]])
        found.add("Q3", "warn", day, n_equal, f"duplicate of another row ({counted(n_equal, 'row')} in all); merged.")
    if differs.any():
        row = int(np.flatnonzero(differs)[0])
        text = (
            f"two different rows for one date, close {bars.close[first[row]]:g} and {bars.close[row]:g} "
            f"({counted(int(differs.sum()), 'row')} in all); dates must be unique; correct the source."
        )
        found.add("Q3", "block", int(bars.dates[row]), int(differs.sum()), text)
        # Overridden: neither row is trustworthy.
        is_torn = np.isin(bars.dates, bars.dates[differs])
        is_kept &= ~is_torn
        found.drop("Q3", 0, _taken(bars, np.flatnonzero(is_torn)))
    found.drop("Q3", int((~is_kept).sum()))
    # Not rows_kept: the actions on a repeat are duplicates.
    return _taken(bars, np.flatnonzero(is_kept))


def _taken(raw: RawBars, rows: npt.NDArray[np.intp]) -> RawBars:
    adjusted = None if raw.adjusted_close is None else raw.adjusted_close[rows]
    return RawBars(*(getattr(raw, name)[rows] for name in _FIELDS), adjusted_close=adjusted, notes=raw.notes)


def within_span(bars: RawBars, span: tuple[int, int] | None, found: Findings) -> RawBars:
    """Drop bars before the first and after the last day covered by the exchange's calendar (Q24)."""
    if span is None or len(bars) == 0:
        return bars
    is_outside = (bars.dates < span[0]) | (bars.dates > span[1])
    n_outside = int(is_outside.sum())
    if not n_outside:
        return bars
    text = (
        f"{n_outside} bars outside of {iso_day(span[0])} to {iso_day(span[1])}, the days that the library of "
        'exchange calendars knows; cut; set calendar = "data", or another exchange, to use them.'
    )
    found.add("Q24", "quarantine", int(bars.dates[np.flatnonzero(is_outside)[0]]), n_outside, text)
    found.drop("Q24", n_outside, _taken(bars, np.flatnonzero(is_outside)))
    return rows_kept(bars, ~is_outside)


def on_sessions(bars: RawBars, sessions: Days | None, rules: QualityRules, found: Findings) -> RawBars:
    """Drop bars on days without a session (Q6); many of them mean that the calendar or the dates are wrong."""
    if sessions is None or len(sessions) == 0 or len(bars) == 0:
        return bars
    at = np.minimum(np.searchsorted(sessions, bars.dates), len(sessions) - 1)
    is_off = (sessions[at] != bars.dates) & (bars.dates >= sessions[0])
    n_off = int(is_off.sum())
    if not n_off:
        return bars
    first = int(bars.dates[np.flatnonzero(is_off)[0]])
    text = f"bar on a day without a session ({counted(n_off, 'row')} in all); bars must be on sessions; dropped."
    found.add("Q6", "quarantine", first, n_off, text)
    # Some sources pad holidays: a row without a trade is no evidence about the calendar.
    is_traded = is_off & (bars.dates <= sessions[-1]) & (bars.volume > 0.0) & np.isfinite(bars.close)
    n_traded = int(is_traded.sum())
    if n_traded > rules.max_bad_rows and n_traded > rules.max_off_calendar_frac * len(bars):
        pattern = _pattern_of(bars.dates[is_traded], bars.dates)
        text = (
            f"{n_traded} of {len(bars)} rows are on days without a session ({pattern}); "
            f"the maximum is {100.0 * rules.max_off_calendar_frac:g}%; set calendar (data: the bars' own dates), or "
            "correct the dates."
        )
        found.add("Q6", "block", first, n_traded, text)
    found.drop("Q6", n_off, _taken(bars, np.flatnonzero(is_off)))
    return rows_kept(bars, ~is_off)


_MIN_WEEKS, _WEEKLY_STEP_DAYS = 10, 5.0


def _pattern_of(off: Days, dates: Days) -> str:
    """Common pattern of the days off the calendar."""
    if len(dates) > _MIN_WEEKS and np.median(np.diff(dates)) >= _WEEKLY_STEP_DAYS:
        return f"bars are {np.median(np.diff(dates)):g} days apart: weekly or monthly ones, and daily bars are needed"
    share = np.bincount((off + 3) % 7, minlength=7) / len(off)
    if share[5] + share[6] > 0.8 and min(share[5], share[6]) > 0.2:
        return "Saturdays and Sundays: a market that trades seven days a week"
    if share[6] > 0.8:
        return "Sundays for Mondays: dates a day early, as from timestamps in another time zone"
    if share[5] > 0.8:
        return "Saturdays for Fridays: dates a day late, as from timestamps in another time zone"
    return "the holidays of another exchange?"


def plausible_rows(bars: RawBars, rules: QualityRules, found: Findings) -> RawBars:
    """Drop rows without finite prices above zero (Q4) or with an impossible range (Q5)."""
    if len(bars) == 0:
        return bars
    bars = _believable_actions(_without_empty_rows(bars, found), found)
    if len(bars) == 0:
        return bars
    o, h, lo, c, v = bars.open, bars.high, bars.low, bars.close, bars.volume
    lowest = np.minimum(np.minimum(o, c), np.minimum(h, lo))  # NaN if one is NaN
    largest = np.maximum(np.maximum(o, c), np.maximum(h, lo))
    is_good = (lowest >= LEAST_PRICE) & (largest <= LARGEST_PRICE) & (v >= 0.0) & (v <= LARGEST_VOLUME)
    with np.errstate(over="ignore"):  # of numbers dropped by Q4
        is_sane = (lo <= np.minimum(o, c) * (1.0 + rules.ohlc_tolerance_frac)) & (
            h >= np.maximum(o, c) * (1.0 - rules.ohlc_tolerance_frac)
        )
    is_kept = is_good & is_sane
    if is_kept.all():
        return bars
    bad = np.flatnonzero(~is_good)
    if len(bad):
        row = int(bad[0])
        text = (
            f"open {o[row]:g}, high {h[row]:g}, low {lo[row]:g}, close {c[row]:g}, volume {v[row]:g} ({len(bad)} "
            "rows in all); prices must be finite and above 0, volume not below 0; dropped."
        )
        found.add("Q4", "quarantine", int(bars.dates[row]), len(bad), text)
        shown = f"open {o[row]:g}, high {h[row]:g}, low {lo[row]:g}, close {c[row]:g}, volume {v[row]:g}"
        shown = _text_found(bars) or shown
        _block_when_many("Q4", len(bad), bars, row, shown, rules, found)
    crossed = np.flatnonzero(is_good & ~is_sane)
    if len(crossed):
        row = int(crossed[0])
        text = (
            f"open {o[row]:g}, high {h[row]:g}, low {lo[row]:g}, close {c[row]:g} ({counted(len(crossed), 'row')} in "
            "all); low must be the lowest and high the highest of the four; dropped."
        )
        found.add("Q5", "quarantine", int(bars.dates[row]), len(crossed), text)
        shown = f"open {o[row]:g}, high {h[row]:g}, low {lo[row]:g}, close {c[row]:g}"
        _block_when_many("Q5", len(crossed), bars, row, shown, rules, found)
    found.drop("Q4", len(bad), _taken(bars, bad))
    found.drop("Q5", len(crossed), _taken(bars, crossed))
    return rows_kept(bars, is_kept)


def _text_found(bars: RawBars) -> str | None:
    """Text found by a source in place of a number, as `volume is '2,781,770'`; None without any."""
    note = next((note.text for note in bars.notes if note.rule == "Q4"), None)
    return None if note is None else note.split(": ", 1)[-1].split(" (", 1)[0]


def _without_empty_rows(bars: RawBars, found: Findings) -> RawBars:
    """Drop rows with a date on which nothing traded: no price at all, or only the previous close.

    A download of many tickers on one common index has such rows before a ticker's listing and after its end, and some
    archives during suspensions. Rows with text are excluded, because they are not empty.
    """
    if any(note.rule == "Q4" for note in bars.notes):
        return bars
    is_idle = ~(bars.volume > 0.0)
    for values in (bars.open, bars.high, bars.low):
        is_idle &= ~(values > 0.0) & ~(values < 0.0)  # 0 or NaN
    is_idle &= ~(bars.close < 0.0) & ~np.isinf(bars.close)
    n_idle = int(is_idle.sum())
    if not n_idle:
        return bars
    text = f"{n_idle} rows have a date but no trade price; such rows are not bars; dropped."
    found.add("Q4", "info", int(bars.dates[np.flatnonzero(is_idle)[0]]), n_idle, text)
    return rows_kept(bars, ~is_idle)


def _believable_actions(bars: RawBars, found: Findings) -> RawBars:
    """Block on a non-numeric action, a split not above 0, a dividend below 0 (Q4).

    Overridden: the action is removed.
    """
    is_bad_split = ~((bars.split >= 1.0 / LARGEST_SPLIT) & (bars.split <= LARGEST_SPLIT))
    is_bad_dividend = ~((bars.dividend >= 0.0) & (bars.dividend <= LARGEST_PRICE))
    is_bad = is_bad_split | is_bad_dividend
    if not is_bad.any():
        return bars
    rows = np.flatnonzero(is_bad)
    row = int(rows[0])
    text = (
        f"split {bars.split[row]:g}, dividend {bars.dividend[row]:g} ({counted(len(rows), 'row')} in all); a split "
        "must be above 0, a dividend not below 0; correct the source."
    )
    found.add("Q4", "block", int(bars.dates[row]), len(rows), text)
    split = np.where(is_bad_split, 1.0, bars.split)
    return replace(bars, split=split, dividend=np.where(is_bad_dividend, 0.0, bars.dividend))


def _block_when_many(
    rule: str, n_bad: int, bars: RawBars, first: int, shown: str, rules: QualityRules, found: Findings
) -> None:
    """Block if bad rows exceed the thresholds; `first` is the first bad row and `shown` its values."""
    n_rows = len(bars)
    if n_bad > rules.max_bad_rows or n_bad > rules.max_bad_frac * n_rows:
        text = (
            f"{n_bad} of {n_rows} rows are bad, e.g. {shown}; the maximum is {rules.max_bad_rows} rows and "
            f"{100.0 * rules.max_bad_frac:g}%; correct the source."
        )
        found.add(rule, "block", int(bars.dates[first]), n_bad, text)


def without_padding(bars: RawBars, found: Findings) -> RawBars:
    """Drop the zero-volume flat bars after the last trade (Q16); a file of nothing else is kept whole."""
    if len(bars) == 0 or bars.volume[-1] > 0.0 or bars.high[-1] != bars.low[-1]:
        return bars
    traded = np.flatnonzero((bars.volume > 0.0) | (bars.high != bars.low))
    if not len(traded):
        return bars
    n = int(traded[-1]) + 1
    n_cut = len(bars) - n
    text = f"{n_cut} flat bars without volume after the last trade; padding, not trading; cut."
    found.add("Q16", "warn", int(bars.dates[n]), n_cut, text)
    found.drop("Q16", n_cut, _taken(bars, np.arange(n, len(bars))))
    return rows_kept(bars, np.arange(len(bars)) < n)
