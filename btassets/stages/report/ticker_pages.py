"""Content of the page of one ticker: prices, its trades, its setups and their results, its rank, data findings.

Belongs here: which tickers have a page, and the document of each. Does not belong here: drawing
(`btassets.render.ticker_page`), the report itself (`report_document.py`).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from btassets.engine.days import EPOCH, iso_day
from btassets.engine.market.bars import Bars
from btassets.render.report_types import Report
from btassets.render.ticker_page import N_RECENT
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.sources.universe.ticker_names import canonical_ticker, file_stem
from btassets.stages.advice.report_numbers import price
from btassets.stages.bars.bars_view import TickerBars, read_bucket_bars

FOLDER = "tickers"
MAX_FIRST = 20
"""Setups of today's list that have a page before any other ticker."""

MAX_SETUPS = 60
"""Setups in the table of a page, newest first."""

_SETUP_COLUMNS = (
    "ticker",
    "asof_date",
    "direction",
    "entry",
    "stop",
    "target",
    "confidence",
    "activation_momentum_percentile",
    "qualified",
    "is_graded",
    "drop_reason",
    "outcome",
    "net_r",
    "hold_days",
)
_LEVELS = ("entry", "stop", "target")
_DIGITS = {"confidence": 1, "activation_momentum_percentile": 1, "net_r": 2}


def page_paths(report: Report, settings: Settings, known: Sequence[str]) -> dict[str, str]:
    """Path of each ticker's page, relative to the report: asked-for tickers, today's setups and misses, trades.

    Under `report.max_ticker_pages` the strongest setups and the trades come before the rest of a long list.

    Parameters
    ----------
    known
        Tickers that have bars; an asked-for ticker without bars has no page.
    """
    rules = settings.report
    today = report["todays_setups"]
    own = report["trades"].get(report["main_policy"] or "") or {"best": [], "worst": []}
    first, others = today["qualified"][:MAX_FIRST], today["qualified"][MAX_FIRST:]
    wanted = [canonical_ticker(ticker) for ticker in rules.tickers]
    wanted += [row["ticker"] for row in (*first, *own["best"], *own["worst"], *today["nearest_misses"], *others)]
    there = set(known)
    chosen = [ticker for ticker in dict.fromkeys(wanted) if ticker in there][: rules.max_ticker_pages]
    return {ticker: f"{FOLDER}/{file_stem(ticker)}.html" for ticker in sorted(chosen, key=str.encode)}


def json_beside(path: str) -> str:
    """Path of the document of a ticker's page, beside the page.

    >>> json_beside("tickers/BRK.B.html")
    'tickers/BRK.B.json'
    """
    return path.removesuffix(".html") + ".json"


def ticker_documents(
    tables: Tables, settings: Settings, report: Report, tickers: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Document of each ticker's page, JSON-able, in ticker order; every price in those of its last bar.

    Returns
    -------
    dict
        Of each ticker `ticker`, `as_of`, `book`, `basis`, `prices` (dates and closes of every session, highs and lows
        of the newest), `ranks` (as-of dates and activation percentiles of the weeks in which it was ranked), `today`
        (its row of today's list, None without one), `trades` (of the report's portfolio, oldest first), `setups`
        (newest first), `n_setups`, `findings`.
    """
    names = pa.array(list(tickers), pa.string())
    bars = {
        item.ticker: item
        for bucket, group in tables.bucketed("ohlcv_history").by_bucket(tickers).items()
        for item in read_bucket_bars(tables, settings, bucket, group)
    }
    setups, n_setups = _setups(tables, names, bars)
    ranks = _by_ticker(_ranks(tables, names))
    trades = _by_ticker(_trades(tables, names, bars, report["main_policy"]))
    findings = _by_ticker(_findings(tables, names))
    rows = report["todays_setups"]
    qualified = {row["ticker"]: row for row in rows["qualified"]}
    today = {row["ticker"]: row for row in rows["nearest_misses"]} | qualified
    return {
        ticker: {
            "ticker": ticker,
            "as_of": report["as_of"],
            "book": report["book"]["name"],
            "basis": settings.basis,
            "prices": _prices(bars[ticker].in_last_prices()),
            "ranks": ranks.get(ticker, []),
            "today": _in_last_prices(today.get(ticker), bars[ticker], rows["as_of"]),
            "is_qualified": ticker in qualified,
            "policy": report["main_policy"],
            "trades": trades.get(ticker, []),
            "setups": setups.get(ticker, []),
            "n_setups": n_setups.get(ticker, 0),
            "findings": findings.get(ticker, []),
        }
        for ticker in tickers
        if ticker in bars
    }


def _by_ticker(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row.pop("ticker"), []).append(row)
    return found


def _scale(item: TickerBars, asof: date) -> float:
    """Price of an as-of day in those of the last bar, over the printed one."""
    at = int(np.searchsorted(item.bars.dates, (asof - EPOCH).days))
    return float(item.factor[at] / item.factor[-1]) if at < item.bars.n_bars else 1.0


def _in_last_prices(row: Mapping[str, Any] | None, item: TickerBars, asof: str | None) -> dict[str, Any] | None:
    """A row of today's list, whose levels are as printed on its day."""
    if row is None:
        return None
    scale = 1.0 if asof is None else _scale(item, date.fromisoformat(asof))
    if scale == 1.0:
        return dict(row)
    levels = {name: row[name] for name in _LEVELS if row.get(name) is not None}
    return {**row, **{name: price(value * scale) for name, value in levels.items()}}


def _setups(
    tables: Tables, names: pa.Array, bars: Mapping[str, TickerBars]
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, int]]:
    """The newest setups of each ticker, and the number of all."""
    table = tables["graded_setups"].where(_SETUP_COLUMNS, pc.is_in(pc.field("ticker"), names))
    table = table.sort_by([("ticker", "ascending"), ("asof_date", "descending"), ("direction", "ascending")])
    # Only shown rows become Python objects: a ticker has hundreds.
    tickers, starts, counts = np.unique(table["ticker"].to_numpy(), return_index=True, return_counts=True)
    shown = [np.arange(start, start + min(n, MAX_SETUPS)) for start, n in zip(starts, counts, strict=True)]
    rows = table.take(np.concatenate(shown)).to_pylist() if shown else []
    return _by_ticker([_rounded(row, bars) for row in rows]), dict(zip(tickers.tolist(), counts.tolist(), strict=True))


def _rounded(row: Mapping[str, Any], bars: Mapping[str, TickerBars]) -> dict[str, Any]:
    scale = _scale(bars[row["ticker"]], row["asof_date"]) if row["ticker"] in bars else 1.0
    shown = {name: value.isoformat() if name == "asof_date" else value for name, value in row.items()}
    for name, digits in _DIGITS.items():
        shown[name] = None if shown[name] is None else round(shown[name], digits)
    for name in _LEVELS:
        shown[name] = None if shown[name] is None else price(shown[name] * scale)
    return shown


def _ranks(tables: Tables, names: pa.Array) -> list[dict[str, Any]]:
    is_week = pc.not_equal(pc.field("grid"), "latest")
    columns = ["ticker", "grid", "asof_date", "activation_momentum_percentile"]
    expression = pc.is_in(pc.field("ticker"), names)
    table = tables["percentile_ranks"].where(columns, expression & is_week)
    table = table.filter(pc.is_valid(table["activation_momentum_percentile"])).sort_by([("asof_date", "ascending")])
    days = table["asof_date"].cast(pa.int32()).to_pylist()
    # By column: rows of Python objects, a date in each, cost several times as much.
    iso = {day: iso_day(day) for day in set(days)}
    values = table["activation_momentum_percentile"].to_pylist()
    # The legacy profile ranks both directions of a ticker: they share one momentum.
    found = dict(zip(zip(table["ticker"].to_pylist(), days, strict=True), values, strict=True))
    return [
        {"ticker": ticker, "date": iso[day], "percentile": round(value, 1)} for (ticker, day), value in found.items()
    ]


def _trades(
    tables: Tables, names: pa.Array, bars: Mapping[str, TickerBars], policy: str | None
) -> list[dict[str, Any]]:
    table = tables["trades"].read()
    table = table.filter(pc.and_(pc.equal(table["policy"], policy or ""), pc.is_in(table["ticker"], names)))
    rows = table.sort_by([("entry_date", "ascending")]).drop_columns(["scenario", "policy"]).to_pylist()
    for row in rows:
        scale = _scale(bars[row["ticker"]], row["asof_date"]) if row["ticker"] in bars else 1.0
        row |= {name: row[name].isoformat() for name in ("asof_date", "entry_date", "exit_date")}
        row |= {name: price(row[name] * scale) for name in ("entry_price", "exit_price")}
        row |= {name: None if row[name] is None else round(row[name], 2) for name in ("net_r", "pnl_usd", "gross_r")}
        row["shares"] = round(row["shares"] / scale, 4)
    return rows


def _findings(tables: Tables, names: pa.Array) -> list[dict[str, Any]]:
    table = tables["bar_problems"].read(["ticker", "rule", "severity", "date", "n", "text"])
    rows = table.filter(pc.is_in(table["ticker"], names)).to_pylist()
    return [{**row, "date": None if row["date"] is None else row["date"].isoformat()} for row in rows]


def _prices(bars: Bars) -> dict[str, Any]:
    return {
        "dates": [iso_day(day) for day in bars.dates.tolist()],
        "close": [price(value) for value in bars.close.tolist()],
        "high": [price(value) for value in bars.high[-N_RECENT:].tolist()],
        "low": [price(value) for value in bars.low[-N_RECENT:].tolist()],
        "return_pct": _change_pct(bars, 1),
        "return_year_pct": _change_pct(bars, 252),
    }


def _change_pct(bars: Bars, n: int) -> float | None:
    """Change of the last close over `n` sessions, percent; None with fewer bars."""
    if bars.n_bars <= n or not np.isfinite(bars.close[-1]) or bars.close[-1 - n] <= 0:
        return None
    return round(float(bars.close[-1] / bars.close[-1 - n] - 1.0) * 100.0, 1)
