"""Checks of a source before its first run: the findings that `init` and `doctor` print.

Belongs here: judging some of the tickers as a run would, in memory. Does not belong here: the rules
(`btassets.engine.market`), keeping anything: nothing is written.
"""

from typing import Any

import numpy as np

from btassets.arrivals.of_book import plan_ingest
from btassets.book.book import Book
from btassets.engine.market.basis_evidence import DividendDrop, of_sums
from btassets.engine.market.calendar import ENDED_AFTER_DAYS
from btassets.engine.market.source_look import (
    basis_look,
    dividend_look,
    rhythm_look,
    same_series,
    series_marks,
    stopped_look,
    unlisted_sessions,
)
from btassets.errors import BtassetsError
from btassets.run.tables import Tables, inputs_of
from btassets.settings.models import Settings
from btassets.settings.source_kinds import basis_of_source
from btassets.sources.base import BarSource
from btassets.sources.calendar.calendars import DATA
from btassets.sources.files.bar_folder import fetch_many
from btassets.stages.bars.bar_store import stored_bars
from btassets.stages.bars.findings.data_findings import finding_lines, grouped
from btassets.stages.bars.quality_settings import as_fact
from btassets.stages.bars.reading import Wanted
from btassets.stages.bars.screening import Accepted, accept, last_finished

MAX_SHOWN = 5

_MOST_TICKERS = 200
"""Enough to see a pattern, few enough to check in seconds."""

_COLUMNS = ("ticker", "rule", "severity", "date", "n", "text")


def first_look(book: Book, *, with_refusal: bool = False) -> list[str]:
    """Sentences about what was not read yet, the most harmful first, at most five and a count of the rest.

    A source that asks a network or a database is not looked at: that costs calls.

    Parameters
    ----------
    with_refusal
        Include the reason why the source cannot be listed at all; `doctor` has a check of its own for that.
    """
    if book.base.source.kind != "files":
        return []
    tables, settings = inputs_of("ohlcv_history", book)
    try:
        plan = plan_ingest(book)
    except BtassetsError as error:
        return [str(error)] if with_refusal else []
    stale = plan.stale[:: max(1, len(plan.stale) // _MOST_TICKERS)]
    source: BarSource = tables.outside("source")
    stored = _stored(tables, stale)
    last = last_finished(tables, settings)
    judged: dict[str, Accepted] = {}
    for ticker, fetched in fetch_many(source, stale):
        wanted = Wanted(ticker, stored.get(ticker), None)
        judged[ticker] = accept(tables, settings, source, wanted=wanted, fetched=fetched, known={}, last=last)
    rows = [[ticker, *found] for ticker, one in judged.items() for found in one.facts["problems"]]
    rows += plan.notes.problems
    rows += _over_all(settings, judged, rows) if judged else []
    told = grouped(dict(zip(_COLUMNS, row, strict=True)) for row in rows)
    return finding_lines(told, MAX_SHOWN)


def _stored(tables: Tables, tickers: list[str]) -> dict[str, Any]:
    bars = tables.bucketed("ohlcv_history")
    return {t: one for b, group in bars.by_bucket(tickers).items() for t, one in stored_bars(bars, b, group).items()}


def _over_all(settings: Settings, judged: dict[str, Accepted], rows: list[list[Any]]) -> list[list[Any]]:
    """Findings over all tickers together."""

    def having(rule: str, severity: str) -> list[str]:
        return sorted({str(row[0]) for row in rows if row[1:3] == [rule, severity] and row[0]}, key=str.encode)

    n, basis = len(judged), basis_of_source(settings.source.kind, settings.source.basis)
    kept = {ticker: one.bars for ticker, one in judged.items() if one.bars is not None and len(one.bars)}
    looks = [
        *basis_look(having("Q8", "block"), having("Q25", "warn"), n, basis),
        *dividend_look(sum((of_sums(one.facts.get("ex_dates", ())) for one in judged.values()), DividendDrop()), basis),
        *rhythm_look(having("Q24", "warn"), n),
        *same_series({ticker: series_marks(bars.dates, bars.close) for ticker, bars in kept.items()}),
    ]
    if kept:
        ends = {ticker: int(bars.dates[-1]) for ticker, bars in kept.items()}
        days, counts = np.unique(np.concatenate([bars.dates for bars in kept.values()]), return_counts=True)
        most = days[2 * counts >= counts.max()]
        looks += stopped_look(ends, int(most[-1]), ENDED_AFTER_DAYS)
        off = [taken.rows.dates for one in judged.values() for taken in one.quarantine if taken.rule == "Q6"]
        if settings.calendar != DATA and off:
            firsts = np.array([bars.dates[0] for bars in kept.values()], np.int32)
            lasts = np.array([bars.dates[-1] for bars in kept.values()], np.int32)
            looks += unlisted_sessions(np.concatenate(off), firsts, lasts, settings.calendar)
    return [[look.ticker, *as_fact(look)] for look in looks]
