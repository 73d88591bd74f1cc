"""Converts a vendor's JSON rows to one ticker's bars, with corporate actions on their dates.

Belongs here: what the vendors' responses have in common. Does not belong here: any one vendor's field names, requests
(`http_session.py`), screening bars (`engine.market.quality`).
"""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from btassets.engine.days import EPOCH, iso_day
from btassets.errors import NoBarsError
from btassets.masking import mask
from btassets.sources.base import BlockedTickerError, FetchFailedError, Problem, RawBars
from btassets.sources.calendar.window import Window
from btassets.sources.vendors.http_session import BadAnswerError

Floats = npt.NDArray[np.float64]

_NOON = "12:00"


@dataclass(frozen=True, slots=True)
class RowKeys:
    """A vendor's names of the fields of a bar; None: missing."""

    open: str = "open"
    high: str = "high"
    low: str = "low"
    close: str = "close"
    volume: str = "volume"
    dividend: str | None = None
    split: str | None = None
    adjusted_close: str | None = None


def day_of_text(value: object) -> int:
    """Date of a daily bar whose timestamp is its exchange's midnight, in UTC.

    Raises
    ------
    ValueError
        For an invalid timestamp; a time after noon UTC has an ambiguous exchange date.

    Examples
    --------
    >>> day_of_text("2021-01-04T05:00:00Z"), day_of_text("2021-01-04")
    (18631, 18631)
    """
    text = str(value)
    if len(text) > 10 and text[11:16] > _NOON:
        raise ValueError(text)
    return (dt.date.fromisoformat(text[:10]) - EPOCH).days


def number_of(value: object) -> float:
    """Number of a JSON field; NaN for a non-number, so that rule Q4 finds it."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return math.nan
    try:
        return float(value)
    except (ValueError, OverflowError):
        return math.nan


def bars_of_rows(ticker: str, days: Sequence[int], rows: Sequence[Mapping[str, Any]], keys: RowKeys) -> RawBars:
    """Bars of JSON rows, in their order; a missing dividend is 0.0, a missing split 1.0."""

    def column(key: str) -> Floats:
        return np.array([number_of(row.get(key)) for row in rows], dtype=np.float64)

    def optional(key: str | None, empty: float) -> Floats:
        return np.full(len(rows), empty) if key is None else np.nan_to_num(column(key), nan=empty)

    return RawBars(
        dates=np.array(days, dtype=np.int32),
        open=column(keys.open),
        high=column(keys.high),
        low=column(keys.low),
        close=column(keys.close),
        volume=column(keys.volume),
        dividend=optional(keys.dividend, 0.0),
        split=_plausible(optional(keys.split, 1.0), ticker),
        adjusted_close=None if keys.adjusted_close is None else column(keys.adjusted_close),
    )


def _plausible(split: Floats, ticker: str) -> Floats:
    if (split < 0.0).any():
        reason = f"a split of {split.min():g}; new shares per old one must be above zero; ask the vendor."
        raise BlockedTickerError(ticker, "Q1", reason)
    return np.where(split == 0.0, 1.0, split)  # some vendors write 0 for none


def rows_of(ticker: str, answer: object, key: str | None = None) -> list[Mapping[str, Any]]:
    """Rows of a response, which is a list, or an object with one under `key` (null: no row).

    Raises
    ------
    FetchFailedError
        If the response has another shape.
    """
    found = answer.get(key) if isinstance(answer, dict) and key is not None else answer
    if found is None and key is not None:
        return []
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        shown = " ".join(str(answer).split())[:100]
        reason = (
            f"the response is not a list of bars ({shown}); bars must be rows; run again: only the rest is fetched."
        )
        raise FetchFailedError(ticker, "Q1", reason)
    return found


def said_instead(answer: Mapping[str, Any]) -> str:
    """Message of a response without data: its error or message, else its start."""
    words = ("error", "message", "detail", "errors", "Error Message", "Note", "Information", "status")
    said = next((answer[word] for word in words if answer.get(word)), answer)
    return repr(mask(" ".join(str(said).split()))[:100])


def within(bars: RawBars, window: Window) -> RawBars:
    """Rows inside the window: today's unfinished session is excluded."""
    inside = (bars.dates >= window.first) & (bars.dates <= window.last)
    return bars if inside.all() else bars.take(np.flatnonzero(inside))


def with_actions(
    ticker: str, bars: RawBars, dividends: Sequence[tuple[int, float]], splits: Sequence[tuple[int, float]]
) -> RawBars:
    """Assign corporate actions to the bars of their ex-dates; an ex-date without a bar applies at the next one.

    Parameters
    ----------
    bars
        Any order of dates; without actions.
    dividends
        Date and cash per share. Several on one date add up.
    splits
        Date and new shares per old one. Several on one date multiply.

    Returns
    -------
    RawBars
        Actions after the last bar do not exist yet; those before the first bar adjust nothing.
    """
    dividend, split = bars.dividend.copy(), bars.split.copy()
    order = np.argsort(bars.dates, kind="stable")
    dates = bars.dates[order]
    moved: list[int] = []

    def place(day: int) -> int | None:
        at = int(np.searchsorted(dates, day))
        if at >= len(dates) or (at == 0 and day < dates[0]):
            return None
        if dates[at] != day:
            moved.append(day)
        return int(order[at])

    for day, ratio in splits:
        if not (math.isfinite(ratio) and ratio > 0.0):
            reason = f"{iso_day(day)}: a split of {ratio:g}; new shares per old one must be above zero; ask the vendor."
            raise BlockedTickerError(ticker, "Q1", reason)
        if (row := place(day)) is not None:
            split[row] *= ratio
    for day, cash in dividends:
        if not (math.isfinite(cash) and cash >= 0.0):
            reason = f"{iso_day(day)}: a dividend of {cash:g}; cash per share must be zero or above; ask the vendor."
            raise BlockedTickerError(ticker, "Q1", reason)
        if (row := place(day)) is not None:
            dividend[row] += cash
    notes = bars.notes
    if moved:
        text = (
            f"{ticker} {iso_day(min(moved))}: a corporate action on a date without a bar ({len(moved)} in all); "
            "applied at the next bar."
        )
        notes = (*notes, Problem(ticker, "Q6", "info", min(moved), len(moved), text))
    return replace(bars, dividend=dividend, split=split, notes=notes)


def joined_rows(ticker: str, bars: RawBars, window: Window) -> RawBars:
    """Bars inside the window; a whole fetch needs at least one.

    Raises
    ------
    BlockedTickerError
        Q1, if there is none.
    """
    bars = within(bars, window)
    if not len(bars):
        raise no_bars(ticker, window)
    return bars


def no_bars(ticker: str, window: Window) -> BlockedTickerError:
    """Refusal of a ticker for which the vendor has nothing."""
    reason = (
        f"the source has no bar from {window.first_iso} to {window.last_iso}; a ticker needs at least one; correct "
        "its spelling in universe.tickers, or remove it."
    )
    return BlockedTickerError(ticker, "Q1", reason)


def failed(ticker: str, error: BadAnswerError, window: Window) -> BlockedTickerError:
    """Refusal of a ticker with an unusable response; an unknown ticker is refused permanently."""
    if error.is_unknown:
        reason = (
            f"unknown to the source ({error.problem}); requested from {window.first_iso} to {window.last_iso}; "
            "correct its spelling in universe.tickers, or remove it."
        )
        return BlockedTickerError(ticker, "Q1", reason)
    reason = f"{error.problem}; partial bars are not used; run again: only missing bars are fetched."
    return FetchFailedError(ticker, "Q1", reason)


def named_tickers(kind: str, tickers: Sequence[str]) -> list[str]:
    """Tickers requested from a network source, sorted by bytes.

    Raises
    ------
    NoBarsError
        If there is none: a vendor lists the whole market, so a book must name its own.
    """
    if not tickers:
        advice = "a network source needs a list of tickers; list them under [universe] in btassets.toml."
        raise NoBarsError(f"source {kind}", "universe.tickers is empty", advice)
    return sorted(set(tickers), key=str.encode)
