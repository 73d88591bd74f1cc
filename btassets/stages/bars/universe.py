"""Selects the tickers of the lake in use.

Belongs here: the universe of the settings and of dated membership, applied to the lake. Does not belong here:
membership per date (`sources.universe.membership`), reading bars (`bars_view.py`).
"""

from collections.abc import Collection, Iterable

from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.sources.universe.benchmark_name import benchmark_ticker
from btassets.sources.values.tickers import spelling_key


def in_universe(settings: Settings, tickers: Iterable[str], members: Collection[str] | None = None) -> list[str]:
    """Tickers admitted by the book's universe, in byte order; the benchmark only if listed by name.

    Parameters
    ----------
    members
        Tickers of the file of dated membership, which also selects by name; None without one.
    """
    listed = {spelling_key(name) for name in settings.universe.tickers}
    wanted = listed
    if members is not None:
        by_date = {spelling_key(name) for name in members}
        wanted = listed & by_date if listed else by_date
    unwanted = {spelling_key(name) for name in settings.universe.exclude}
    unwanted |= {spelling_key(benchmark_ticker(settings))} - wanted
    unwanted -= listed
    is_listed = bool(listed) or members is not None
    keys = {ticker: spelling_key(ticker) for ticker in tickers}
    return sorted(
        (t for t, key in keys.items() if key not in unwanted and (not is_listed or key in wanted)), key=str.encode
    )


def members_of(tables: Tables) -> Collection[str] | None:
    """Tickers of the file of dated membership; None without one."""
    membership = tables.outside("membership")
    return None if membership is None else membership.spells.keys()


def active_tickers(tables: Tables, settings: Settings) -> list[str]:
    """Tickers of the lake in the universe, in byte order; those that left the source stay."""
    return in_universe(settings, tables.bucketed("ohlcv_history").footers(), members_of(tables))


def bar_spans(tables: Tables, settings: Settings) -> dict[str, tuple[int, int]]:
    """First and last bar (days since 1970-01-01) of each ticker in use with bars."""
    footers = tables.bucketed("ohlcv_history").footers()
    own = {ticker: footers[ticker] for ticker in active_tickers(tables, settings)}
    return {ticker: (facts["first"], facts["last"]) for ticker, facts in own.items() if facts["n_rows"]}
