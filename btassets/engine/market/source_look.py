"""Patterns across all tickers of a source.

Belongs here: one series under two names (Q26), prices on another basis than the source declares (Q25), days missing
from the calendar (Q24), bars of another frequency (Q24), tickers that stop together (Q29). Does not belong here: one
ticker's own bars (`quality.py`), incomplete days (`quality_sessions.py`).
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from btassets.counted import counted
from btassets.engine.days import iso_day
from btassets.engine.market.basis_evidence import DividendDrop
from btassets.engine.market.raw_bars import Basis, Problem

Days = npt.NDArray[np.int32]

EVERYBODY = ""
"""Ticker of a finding about the source as a whole."""

MIN_SAME_BARS = 60
"""Equal closes in a row that identify two tickers as one series."""

_MIN_DISTINCT = 20
_MIN_TICKERS = 3
_STOPPED_FRAC = 0.2
_MOST_FRAC = 0.5
_NAMED = 5


def names(tickers: Sequence[str]) -> str:
    """The first few of some tickers, for a sentence."""
    more = f", and {len(tickers) - _NAMED} more" if len(tickers) > _NAMED else ""
    return ", ".join(tickers[:_NAMED]) + more


def series_marks(dates: Days, close: npt.NDArray[np.float64]) -> tuple[int, ...]:
    """Marks of a series: two tickers that share one have had the same closes for `MIN_SAME_BARS` bars.

    Parameters
    ----------
    dates, close
        Of one ticker, ascending, at least its last bars.
    """
    if len(close) < MIN_SAME_BARS:
        return ()
    marks: list[int] = []
    # Blocks are calendar quarters, so they do not depend on the rest of the series.
    quarter = dates // 91
    starts = np.append(0, np.flatnonzero(np.diff(quarter)) + 1)
    ends = np.append(starts[1:], len(close))
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        piece = close[start:end]
        if len(piece) >= _MIN_DISTINCT * 2 and len(np.unique(piece)) >= _MIN_DISTINCT:
            marks.append(hash((int(quarter[start]), len(piece), piece.tobytes())))  # within one process only
    return tuple(marks)


def same_series(marks: Mapping[str, Sequence[int]]) -> list[Problem]:
    """One warning per group of tickers with the same bars (Q26)."""
    holders: dict[int, list[str]] = defaultdict(list)
    for ticker, own in marks.items():
        for mark in own:
            holders[mark].append(ticker)
    groups = sorted({tuple(sorted(group, key=str.encode)) for group in holders.values() if len(group) > 1})
    seen: set[str] = set()
    found: list[Problem] = []
    for group in groups:
        if seen.issuperset(group):
            continue
        seen.update(group)
        text = (
            f"{' and '.join(group[:_NAMED])} have the same bars over months; two names of one series double its "
            "position; drop one with universe.exclude, or fetch it again."
        )
        found.append(Problem(group[0], "Q26", "warn", None, len(group), text))
    return found


def unlisted_sessions(off_days: Days, first_bar: Days, last_bar: Days, code: str) -> list[Problem]:
    """Days missing from the calendar on which most current tickers have a bar (Q24).

    Parameters
    ----------
    off_days
        Date of every row dropped for being on no session, tickers one after another.
    first_bar, last_bar
        First and last bar date of every ticker with bars, shape (n_tickers,).
    code
        Name of the calendar.
    """
    days, counts = np.unique(off_days, return_counts=True)
    living = np.array([int(((first_bar <= day) & (last_bar >= day)).sum()) for day in days], np.int64)
    living = np.maximum(living, counts)  # the dropped rows may lie beyond a ticker's first or last bar
    is_met = (counts >= _MIN_TICKERS) & (counts > _MOST_FRAC * living)
    if not is_met.any():
        return []
    met, at = days[is_met], int(np.argmax(is_met))
    more = f", also {', '.join(iso_day(int(day)) for day in met[1:3])}" if len(met) > 1 else ""
    text = (
        f"{iso_day(int(days[at]))}: {counts[at]} of {living[at]} current tickers have a bar on a day that calendar "
        f"{code} does not know ({counted(len(met), 'such day')} in all{more}); their rows were taken out; the calendar "
        'may lack sessions, or be another exchange\'s: set calendar = "data" to use them.'
    )
    return [Problem(EVERYBODY, "Q24", "warn", int(days[at]), len(met), text)]


def blocked_days_look(n_blocked: int, n_sessions: int, code: str, first: int | None) -> list[Problem]:
    """Report a calendar that does not fit, because many of its sessions have hardly a bar (Q24)."""
    if first is None or n_blocked < 5 or n_blocked * 100 <= n_sessions:
        return []
    text = (
        f"{iso_day(first)}: on {n_blocked} of {n_sessions} sessions of calendar {code} most tickers have no bar; is "
        "it the calendar of another exchange? set calendar."
    )
    return [Problem(EVERYBODY, "Q24", "warn", first, n_blocked, text)]


def basis_look(split_like: Sequence[str], unused: Sequence[str], n_tickers: int, basis: Basis) -> list[Problem]:
    """Findings about the prices' basis from refusals and notes of many tickers together (Q25).

    Parameters
    ----------
    split_like
        Tickers whose prices move like an unrecorded split.
    unused
        Tickers whose files have an unused adjusted close.
    n_tickers
        Of the source.
    basis
        Declared basis of the source.
    """
    found: list[Problem] = []
    if basis != "raw" and len(split_like) >= 2:
        text = (
            f"{len(split_like)} of {n_tickers} tickers move like unrecorded splits ({names(split_like)}), and "
            f'source.basis says {basis!r}: these look like prices as traded; set source.basis = "raw" (init: --basis '
            "raw) with their split column, or fetch adjusted prices."
        )
        found.append(Problem(EVERYBODY, "Q25", "warn", None, len(split_like), text))
    if len(unused) >= 2 and 2 * len(unused) >= n_tickers:
        text = (
            f"{len(unused)} of {n_tickers} files have an unused adjusted close beside the close ({names(unused)}); "
            f"at source.basis {basis!r} returns lack the difference of the two; set source.basis to the basis of the "
            "close."
        )
        found.append(Problem(EVERYBODY, "Q25", "warn", None, len(unused), text))
    return found


def dividend_look(drop: DividendDrop, basis: Basis) -> list[Problem]:
    """Say that prices called total return fall on their ex-dates (Q25): they contain no dividend."""
    if basis != "total" or not drop.is_in_price:
        return []
    text = (
        f"the prices fall by what is paid on {drop.n} recorded ex-dates, and source.basis says 'total': dividends are "
        "not in them, and every return lacks them; set source.basis to split or raw."
    )
    return [Problem(EVERYBODY, "Q25", "warn", None, drop.n, text)]


def stopped_look(last_bar: Mapping[str, int], last_session: int, ended_after_days: int) -> list[Problem]:
    """Report many tickers that stop on one day (Q29): probably no longer delivered by the source, rather than delisted.

    Parameters
    ----------
    last_bar
        Last bar of each ticker, days since 1970-01-01.
    last_session
        T.
    """
    found: list[Problem] = []
    n = len(last_bar)
    ends = Counter(day for day in last_bar.values() if last_session - day > ended_after_days)
    for when, stopped in ends.most_common(1):
        some = sorted((ticker for ticker, day in last_bar.items() if day == when), key=str.encode)
        if stopped >= _MIN_TICKERS and stopped >= _STOPPED_FRAC * n:
            text = (
                f"{iso_day(when)}: {stopped} of {n} tickers have their last bar on this day ({names(some)}) and are "
                f"treated as delisted, while the others continue to {iso_day(last_session)}; does the source still "
                "deliver them?"
            )
            found.append(Problem(EVERYBODY, "Q29", "warn", when, stopped, text))
    ahead = sorted((t for t, d in last_bar.items() if d - last_session > ended_after_days), key=str.encode)
    if ahead:
        text = (
            f"{iso_day(last_session)}: most tickers end here, while {len(ahead)} of {n} continue to "
            f"{iso_day(max(last_bar.values()))} ({names(ahead)}); bars after this day are not used; fetch the others, "
            "or correct the impossible date."
        )
        found.append(Problem(EVERYBODY, "Q29", "warn", last_session, len(ahead), text))
    return found


def rhythm_look(weekly: Sequence[str], n_tickers: int) -> list[Problem]:
    """Report that most tickers have weekly or monthly bars (Q24)."""
    if not weekly or 2 * len(weekly) < n_tickers:
        return []
    text = (
        f"{len(weekly)} of {n_tickers} tickers have bars a week or more apart ({names(weekly)}): the engine reads "
        "daily bars; fetch daily ones."
    )
    return [Problem(EVERYBODY, "Q24", "warn", None, len(weekly), text)]
