"""The order plan of a book: its account, its bars and its list put together.

Belongs here: reading what the plan needs. Does not belong here: the walk over the list (`order_plan.py`).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from btassets.book.book import Book
from btassets.engine.days import EPOCH
from btassets.engine.market.bars import Bars
from btassets.graph.journal import ACCOUNT_READS
from btassets.run.tables import Tables, settings_of
from btassets.settings.models import Settings
from btassets.sources.values.tickers import TickerNames
from btassets.stages.advice.todays_setups import TodaysList
from btassets.stages.bars.bars_view import n_bars_used, read_bars
from btassets.stages.bars.sessions_view import Sessions, read_sessions
from btassets.stages.portfolio.simulations import book_rules
from btassets.stages.portfolio.stored_inputs import stored_panel
from btassets.studies.account.fill_positions import account_of_fills
from btassets.studies.account.held_exits import HeldExit, held_states
from btassets.studies.account.order_plan import Held, OrderPlan, plan_orders
from btassets.studies.account.positions import Account, Position, read_holdings
from btassets.studies.account.shown_setups import ShownSetup, factor_since, latest_before, shown_setups

_PREVIEW = "preview: the tests buy after the last session of a week only"
_OLD_LIST = "the session after that signal day has begun"


def read_account(book: Book, cash: float | None = None) -> Account:
    """Positions and cash by the settings `[holdings]`.

    Parameters
    ----------
    cash
        Instead of `holdings.cash`.
    """
    tables = Tables(ACCOUNT_READS, book)
    names = TickerNames(tables.bucketed("ohlcv_history").footers())
    if book.base.holdings.source == "fills":
        return account_of_fills(book, cash)
    given = book.base.holdings.cash if cash is None else cash
    return read_holdings(book, names, given)


def account_plan(book: Book, found: TodaysList, account: Account) -> OrderPlan:
    """The plan for the session after T.

    Parameters
    ----------
    found
        Today's list, or that of the last signal day.
    """
    tables, settings = Tables(ACCOUNT_READS, book), settings_of(ACCOUNT_READS, book)
    sessions = read_sessions(tables)
    last = EPOCH + timedelta(days=sessions.last)
    shown = shown_setups([link.record for link in tables.outside("shown_lists").links])
    bars = read_bars(tables, settings, _with_bars(tables, account.positions))
    positions = [_with_levels(one, shown, bars.get(one.ticker)) for one in account.positions]
    held = _held(tables, settings, sessions, positions, bars, book.base.holdings.policy)
    no_buys = ""
    if found.as_of is not None and found.as_of < last:
        no_buys = _OLD_LIST
    elif not found.is_signal_day and settings.method.asof_grid == "week":
        no_buys = _PREVIEW
    rules = book_rules(settings)
    return plan_orders(found.qualified, account, held, rules, as_of=last.isoformat(), no_buys=no_buys)


def exits_due(book: Book, account: Account) -> list[tuple[Position, HeldExit, str]]:
    """Exits of an account that are due, and T."""
    nothing = TodaysList(None, is_signal_day=False, last_signal_day=None, n_setups=0, n_ranked=0)
    plan = account_plan(book, nothing, account)
    return [(position, due, plan.as_of or "") for position, due in plan.due]


def _with_bars(tables: Tables, positions: Sequence[Position]) -> list[str]:
    footers = tables.bucketed("ohlcv_history").footers()
    return [one.ticker for one in positions if footers.get(one.ticker, {}).get("n_rows")]


def _with_levels(one: Position, shown: dict[str, list[ShownSetup]], bars: Bars | None) -> Position:
    """A position without levels gets those of the setup that was shown before it was opened, in current prices."""
    stop, target, notes = one.stop, one.target, [one.note]
    if one.shares < 0:
        notes.append("short: exits are not followed")
    elif bars is None:
        notes.append("no bars in this book: its value counts as 0, exits are not followed")
    elif one.opened is None:
        notes.append("opened is unknown: no time exit" + ("" if stop is not None else ", and no stop is known"))
    elif stop is None:
        setup = latest_before(shown, one.ticker, one.opened)
        factor = None if setup is None else factor_since(setup, bars)
        if setup is None or factor is None:
            notes.append("no stop is known: it was not shown before it was opened")
        else:
            stop = setup.stop * factor
            target = setup.target * factor if target is None and setup.target is not None else target
            notes.append(f"levels as shown on {setup.as_of}")
    return replace(one, stop=stop, target=target, note="; ".join(note for note in notes if note))


def _held(
    tables: Tables,
    settings: Settings,
    sessions: Sessions,
    positions: Sequence[Position],
    bars: dict[str, Bars],
    policy: str,
) -> list[Held]:
    if not positions:
        return []
    used = dict(sorted(n_bars_used(tables, bars).items(), key=lambda item: item[0].encode()))
    panel = stored_panel(tables, settings, sessions.days, used, in_last_prices=True)
    rules = replace(book_rules(settings), policy="target" if policy == "target" else "hold")
    states = held_states(panel, list(used), positions, rules)
    last = EPOCH + timedelta(days=sessions.last)
    return [
        Held(one, _last_close(bars.get(one.ticker), last), state) for one, state in zip(positions, states, strict=True)
    ]


def _last_close(bars: Bars | None, last: date) -> float | None:
    """Close of the last bar up to T."""
    if bars is None or not bars.n_bars:
        return None
    day = (last - EPOCH).days
    kept = int((bars.dates <= day).sum())
    return float(bars.close[kept - 1]) if kept else None
