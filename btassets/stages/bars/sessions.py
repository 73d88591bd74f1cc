"""Stage `sessions`: the book's calendar, its week ends, T, and blocked days.

Belongs here: counting bars per date and calling `engine.market` (T, Q19, Q20). Does not belong here: exchange holidays
(`sources.calendars`), a ticker's own as-of grid (the replay), removing the bars of a blocked day (`bars_view.py`).
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from btassets.engine.days import week_mondays
from btassets.engine.market.calendar import (
    completed_week_sessions,
    has_ended,
    last_common_session,
)
from btassets.engine.market.quality_sessions import is_quiet, screen_counted_days
from btassets.errors import NoBarsError
from btassets.graph.bars import SESSIONS
from btassets.run.stage_result import StageResult
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.sources.calendar.calendars import DATA
from btassets.stages.bars.findings.data_findings import first_refusals
from btassets.stages.bars.quality_settings import as_fact, quality_rules
from btassets.stages.bars.sessions_view import Days
from btassets.stages.bars.universe import active_tickers, bar_spans

_WEEK_AHEAD_DAYS = 14


@dataclass(frozen=True)
class BarDays:
    """Days of all bars of the universe's tickers.

    Attributes
    ----------
    dates
        Of every bar, ticker after ticker.
    quiet
        Of the bars without volume or range.
    spans
        First and last date of each ticker that has bars.
    """

    dates: Days
    quiet: Days
    spans: dict[str, tuple[int, int]]


def bar_days(tables: Tables, settings: Settings) -> BarDays:
    """Read the days of every stored bar."""
    chunks: list[Days] = []
    quiet: list[Days] = []
    stored = tables.bucketed("ohlcv_history")
    for bucket, group in stored.by_bucket(active_tickers(tables, settings)).items():
        table = stored.bucket(bucket, ["date", "high", "low", "volume"])
        if table is None:
            continue
        days = table["date"].combine_chunks().cast(pa.int32()).to_numpy()
        idle = is_quiet(*(table[name].combine_chunks().to_numpy() for name in ("volume", "high", "low")))
        slices = stored.slices(bucket)
        for ticker in group:
            offset, n_rows = slices[ticker]
            if n_rows:
                rows = slice(offset, offset + n_rows)
                chunks.append(days[rows])
                quiet.append(days[rows][idle[rows]])

    def joined(parts: list[Days]) -> Days:
        return (np.concatenate(parts) if parts else np.empty(0)).astype(np.int32, copy=False)

    return BarDays(joined(chunks), joined(quiet), bar_spans(tables, settings))


def windowed(bars: BarDays, history_days: int) -> tuple[BarDays, int | None]:
    """Days in the window of `source.history_days`, and its first day; all and None without one.

    The window is counted from the newest bar of any ticker, so that older bars that one book has kept and another one
    never fetched change nothing.
    """
    if not history_days or not len(bars.dates):
        return bars, None
    first = int(bars.dates.max()) - history_days
    spans = {ticker: (max(first, start), end) for ticker, (start, end) in bars.spans.items() if end >= first}
    return BarDays(bars.dates[bars.dates >= first], bars.quiet[bars.quiet >= first], spans), first


def compute(tables: Tables, settings: Settings) -> StageResult:
    """Table `sessions`, with T and the number of current tickers at T.

    Raises
    ------
    NoBarsError
        If no ticker has a bar.
    """
    bars, first_used = windowed(bar_days(tables, settings), settings.source.history_days)
    if not len(bars.dates):
        reasons = "\n  ".join(first_refusals(tables.bucketed("ohlcv_history").footers()))
        advice = f"every ticker was refused; correct the source, or [source] in btassets.toml:\n  {reasons}"
        raise NoBarsError("ohlcv_history", "no ticker has a bar", advice if reasons else "correct the source.")
    first, last_any = int(bars.dates.min()), int(bars.dates.max())
    counts = np.bincount(bars.dates - first, minlength=last_any - first + 1)
    own = (np.flatnonzero(counts) + first).astype(np.int32)
    is_exchange = settings.calendar != DATA
    days = _exchange_days(tables, settings, first, last_any) if is_exchange else own
    firsts = np.array([span[0] for span in bars.spans.values()], np.int32)
    lasts = np.array([span[1] for span in bars.spans.values()], np.int32)
    last = int(last_common_session(own, counts[own - first], firsts, lasts))
    screened = screen_counted_days(
        bars.dates,
        bars.quiet,
        firsts,
        lasts,
        quality_rules(settings),
        sessions=days if is_exchange else None,
        last_session=last,
    )
    if not is_exchange:
        # A day with hardly any ticker is not a session of this calendar, which consists of the tickers' dates.
        days = days[~np.isin(days, screened.blocked_days)]
    week_ends = completed_week_sessions(days, last, "exchange" if is_exchange else "data")
    if is_exchange:
        # A week that the calendar library covers only in part may have later sessions.
        calendar = tables.outside("exchange_calendar")
        known_to = calendar.known_span(settings.calendar, first, last_any + _WEEK_AHEAD_DAYS)[1]
        week_ends = week_ends[week_mondays(week_ends) + 6 <= known_to]
    days = days[days <= last]
    table = pa.table(
        {
            "date": pa.array(days, pa.date32()),
            "week": pa.array(week_mondays(days), pa.date32()),
            "is_week": pa.array(np.isin(days, week_ends)),
            "n_tickers": pa.array(counts[days - first].astype(np.int32)),
            "is_blocked": pa.array(np.isin(days, screened.blocked_days)),
        },
        schema=SESSIONS.schema,
    )
    numbers = {
        "as_of": str(np.datetime64(last, "D")),
        "n_sessions": len(days),
        "tickers_with_bars": len(bars.spans),
        "tickers_current": sum(not has_ended(int(end), last) for end in lasts),
        "tickers_at_as_of": int(counts[last - first]),
        "days_blocked": len(screened.blocked_days),
    }
    facts = {
        "last": last,
        "first_used": first_used,
        "blocked_days": screened.blocked_days.tolist(),
        "problems": [as_fact(problem) for problem in screened.problems],
    }
    return StageResult({"sessions": table}, numbers, facts)


def _exchange_days(tables: Tables, settings: Settings, first: int, last: int) -> Days:
    """Sessions of the exchange, plus two weeks: a week is over once its last session is known."""
    return tables.outside("exchange_calendar").sessions(settings.calendar, first, last + _WEEK_AHEAD_DAYS)
