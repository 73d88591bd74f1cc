"""Report on imported fills: reconciled cash, setups beside trades, and everything that has no partner.

Belongs here: reading the inputs, the totals, and the form for tables and JSON. Does not belong here: matching
(`fill_match.py`), printing.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from btassets.book.book import Book
from btassets.engine.days import EPOCH
from btassets.graph.journal import ACCOUNT_READS
from btassets.run.tables import Tables, settings_of
from btassets.stages.bars.bars_view import read_bucket_bars
from btassets.stages.bars.sessions_view import read_sessions
from btassets.studies.account.fill_log import imported_rows
from btassets.studies.account.fill_match import HELD, LATE, MISSED, TAKEN, Comparison, compare_fills
from btassets.studies.account.fill_rows import BUY, OTHER, SELL, SPLIT, UNREAD, FillRow
from btassets.studies.account.fill_trades import Ledger, combined, ledger_of
from btassets.studies.account.shown_setups import shown_setups

SETUP_COLUMNS = (
    *("as_of", "rank", "ticker", "status", "filled_on", "sessions_late", "shares", "price"),
    *("slip_r", "own_r", "net_r", "gap_r", "pnl_usd", "note"),
)
UNMATCHED_COLUMNS = ("day", "ticker", "cash_usd", "line", "reason")


@dataclass(frozen=True)
class FillReport:
    """Rows, trades and comparison of all imported fills."""

    rows: tuple[FillRow, ...]
    ledger: Ledger
    comparison: Comparison

    @property
    def cash(self) -> Decimal:
        """Change of cash by all rows."""
        return sum((row.cash for row in self.rows), Decimal(0))

    @property
    def difference(self) -> Decimal:
        """Cash of the rows that is in no trade and no listed row: 0.00, or the books are wrong."""
        return self.cash - (self.ledger.realized - self.ledger.open_cost + self.ledger.other)


def read_fill_report(book: Book) -> FillReport:
    """Everything that the imported fills of a book say."""
    tables = Tables(ACCOUNT_READS, book)
    rows = imported_rows(book)
    ledger = read_ledger(book, rows)
    sessions = [EPOCH + timedelta(days=int(day)) for day in read_sessions(tables).days]
    results = {
        (row["asof_date"], row["ticker"], row["direction"]): row
        for row in tables["journal_results"].read().to_pylist()
        if row["kind"] == "shown"
    }
    days = [row.date for row in rows if row.kind in (BUY, SELL)]
    comparison = compare_fills(
        ledger.trades,
        shown_setups([link.record for link in tables.outside("shown_lists").links]),
        results,
        sessions,
        max_late=book.base.fills.max_late_sessions,
        span=(min(days), max(days)) if days else None,
    )
    return FillReport(tuple(rows), ledger, comparison)


def read_ledger(book: Book, rows: Sequence[FillRow]) -> Ledger:
    """Trades of imported rows, with the splits that the book's bars record or show."""
    tables, settings = Tables(ACCOUNT_READS, book), settings_of(ACCOUNT_READS, book)
    closes: dict[str, dict[date, float]] = {}
    splits: dict[str, dict[date, float]] = {}
    footers = tables.bucketed("ohlcv_history").footers()
    tickers = {row.ticker for row in rows if row.kind in (BUY, SELL, SPLIT) and row.ticker in footers}
    first = min((row.date for row in rows if row.day), default=EPOCH)
    for bucket, group in tables.bucketed("ohlcv_history").by_bucket(tickers).items():
        for item in read_bucket_bars(tables, settings, bucket, group):
            bars = item.in_last_prices()
            start = int(np.searchsorted(bars.dates, (first - EPOCH).days))
            days = [EPOCH + timedelta(days=int(day)) for day in bars.dates[start:]]
            closes[item.ticker] = dict(zip(days, bars.close[start:].tolist(), strict=True))
            splits[item.ticker] = {
                EPOCH + timedelta(days=int(day)): float(ratio)
                for day, ratio in zip(item.raw.dates, item.raw.split, strict=True)
                if ratio not in (0.0, 1.0) and math.isfinite(ratio)
            }
    return ledger_of(rows, closes, splits)


def totals(report: FillReport) -> dict[str, Any]:
    """Counts and sums, by name."""
    by_status = {
        status: [match for match in report.comparison.matches if match.status == status]
        for status in (TAKEN, LATE, MISSED, HELD)
    }
    filled = [*by_status[TAKEN], *by_status[LATE]]
    closed = [match for match in filled if match.gap_r is not None]
    kinds = {kind: sum(row.kind == kind for row in report.rows) for kind in (BUY, SELL, SPLIT, OTHER, UNREAD)}
    return {
        "rows": len(report.rows),
        "fills": kinds[BUY] + kinds[SELL],
        "orders": sum(not isinstance(one, FillRow) for one in combined(report.rows)),
        "splits": kinds[SPLIT],
        "other_rows": kinds[OTHER],
        "unread_rows": kinds[UNREAD],
        "trades": len(report.ledger.trades),
        "open_trades": sum(trade.closed is None for trade in report.ledger.trades),
        **{status: len(own) for status, own in by_status.items()},
        "without_setup": len(report.comparison.others),
        "slip_r": _mean([match.slip_r for match in filled]),
        "late_slip_r": _mean([match.slip_r for match in by_status[LATE]]),
        "own_r": _mean([match.own_r for match in closed]),
        "graded_r": _mean([match.net_r for match in closed]),
        "missed_r": math.fsum(match.net_r for match in by_status[MISSED] if match.net_r is not None),
        "fees_usd": str(sum((row.fee for row in report.rows if row.kind in (BUY, SELL)), Decimal(0))),
        "cash_usd": str(report.cash),
        "realized_usd": str(report.ledger.realized),
        "open_cost_usd": str(report.ledger.open_cost),
        "unmatched_usd": str(report.ledger.other),
        "difference_usd": str(report.difference),
    }


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else None


def setup_rows(report: FillReport) -> list[dict[str, Any]]:
    """Shown setups with the keys of `SETUP_COLUMNS`, then trades without one."""
    rows = [
        {
            "as_of": match.setup.as_of.isoformat(),
            "rank": match.setup.rank,
            "ticker": match.setup.ticker,
            "status": match.status,
            **_trade_cells(match.trade),
            **{name: getattr(match, name) for name in ("sessions_late", "slip_r", "own_r", "net_r", "gap_r")},
        }
        for match in report.comparison.matches
    ]
    rows += [
        {"ticker": trade.ticker, "status": "no setup", **_trade_cells(trade), "note": "; ".join([reason, *trade.notes])}
        for trade, reason in report.comparison.others
    ]
    return [{name: row.get(name) for name in SETUP_COLUMNS} for row in rows]


def _trade_cells(trade: Any) -> Mapping[str, Any]:
    if trade is None:
        return {}
    return {
        "filled_on": trade.opened.isoformat(),
        "shares": f"{trade.bought.normalize():f}",
        "price": round(float(trade.first.price), 6),
        "pnl_usd": str(trade.realized),
        "note": "; ".join([*trade.notes, *(["open"] if trade.closed is None else [])]),
    }


def unmatched_rows(report: FillReport) -> list[dict[str, Any]]:
    """Rows, or parts of rows, in no trade, and remarks on rows that are; keys of `UNMATCHED_COLUMNS`."""
    rows = [
        {"day": one.day, "ticker": one.ticker, "cash_usd": str(one.cash), "line": one.line, "reason": one.reason}
        for one in report.ledger.unmatched
    ]
    rows += [
        {"day": row.day, "ticker": row.ticker, "cash_usd": "0.00", "line": row.line, "reason": row.reason}
        for row in report.rows
        if row.kind in (BUY, SELL) and row.reason
    ]
    return rows
