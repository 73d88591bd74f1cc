"""Values of an own signal at rows of the book, asked of child processes.

Belongs here: the rows, their cut and rescaled bars, and the order in which they are asked for. Does not belong here:
what the values must satisfy (`proof.py`), reading bars (the stage).
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Literal

import numpy as np
import numpy.typing as npt

from btassets.own.discover import OwnSource
from btassets.own.own_process import OwnProcess, OwnSignalError
from btassets.own.registry import SignalEntry
from btassets.own.windows import TickerArrays

Floats = npt.NDArray[np.float64]
Cut = Literal["whole", "cut", "rescaled"]
"""Bars given to own code: all of them; those up to the as-of row; these in prices of that day."""


@dataclass(frozen=True)
class OwnSignal:
    """One own signal, as its source declares it.

    Attributes
    ----------
    name, form, lookback, sign, label, description
        As declared; `form` is window, cross_section, sql or file.
    source
        Where it comes from.
    """

    name: str
    form: str
    lookback: int
    sign: int
    label: str
    description: str
    source: OwnSource

    @property
    def entry(self) -> SignalEntry:
        """Its entry in the registry."""
        return SignalEntry(
            self.name, self.label, self.description, self.sign, self.lookback, self.form, self.source.name
        )


@dataclass(frozen=True)
class Limits:
    """Processor seconds that own code may take: per ticker (or week) of a function, and for a query."""

    ticker_seconds: float = 10.0
    query_seconds: float = 300.0


@dataclass(frozen=True)
class Panel:
    """Bars of all tickers, and the rows at which a signal is wanted.

    Attributes
    ----------
    arrays
        By ticker, in byte order.
    ticker
        Number of the ticker of each row, int32 (n_rows,); rows are sorted by it, then by date.
    bar
        Bar of each row in its ticker's arrays, int32 (n_rows,).
    date
        As-of date of each row, days since 1970-01-01, int32 (n_rows,).
    is_eligible
        Whether the row may be ranked, (n_rows,).
    """

    arrays: Sequence[TickerArrays]
    ticker: npt.NDArray[np.int32]
    bar: npt.NDArray[np.int32]
    date: npt.NDArray[np.int32]
    is_eligible: npt.NDArray[np.bool_]

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.ticker)

    def place(self, row: int) -> str:
        """Ticker and date of a row, for a message."""
        return f"{self.arrays[int(self.ticker[row])].ticker} {self.date[row].astype('datetime64[D]')}"


def groups_of(signal: OwnSignal, panel: Panel, rows: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    """Rows that one call sees together: those of a ticker for a window function, else those of a date."""
    labels = (panel.ticker if signal.form == "window" else panel.date)[rows]
    order = np.argsort(labels, kind="stable")
    cuts = np.flatnonzero(np.diff(labels[order])) + 1
    return [rows[part] for part in np.split(order, cuts)] if len(rows) else []


def all_values(signal: OwnSignal, panel: Panel, limits: Limits, n_processes: int = 1) -> Floats:
    """Values of a signal at every row of the panel, (n_rows,); NaN without one.

    Groups of rows are shared out among processes in order, so that the first error is the same with any number.

    Raises
    ------
    OwnSignalError
        The refusal of the first group that has one.
    """
    groups = groups_of(signal, panel, np.arange(panel.n_rows))
    if signal.form == "sql":
        groups = [np.arange(panel.n_rows)] if panel.n_rows else []
    out = np.full(panel.n_rows, np.nan)
    waiting, lock = iter(enumerate(groups)), Lock()
    failed: dict[int, OwnSignalError] = {}

    def work(_: int) -> None:
        with OwnProcess(signal.source) as process:
            process.load()
            send_all(process, signal, panel, limits)
            while True:
                with lock:
                    number, group = next(waiting, (-1, None))
                if group is None or failed:
                    return
                try:
                    out[group] = _values(_Request(process, signal, panel, group, limits, "whole"))
                except OwnSignalError as error:
                    failed[number] = error
                    return

    n = 1 if signal.form == "sql" else max(1, min(n_processes, len(groups)))
    with ThreadPoolExecutor(n) as pool:
        list(pool.map(work, range(n)))
    if failed:
        raise failed[min(failed)]
    return out


def values_at(
    process: OwnProcess,
    signal: OwnSignal,
    panel: Panel,
    groups: Iterable[npt.NDArray[np.int64]],
    limits: Limits,
    cut: Cut,
) -> list[Floats]:
    """Values of a signal at groups of rows, each from its own bars, in a loaded process; the arrays are checked."""
    parts = list(groups)
    if signal.form == "sql" and cut == "whole" and parts:  # one query gives them all
        found = _values(_Request(process, signal, panel, np.concatenate(parts), limits, cut))
        return np.split(found, np.cumsum([len(part) for part in parts])[:-1])
    return [_values(_Request(process, signal, panel, group, limits, cut, is_checked=True)) for group in parts]


@dataclass(frozen=True)
class _Request:
    """Values wanted of a loaded process: signal, rows of one group, and the bars it sees."""

    process: OwnProcess
    signal: OwnSignal
    panel: Panel
    group: npt.NDArray[np.int64]
    limits: Limits
    cut: Cut
    is_checked: bool = False


def _values(wanted: _Request) -> Floats:
    of_form: dict[str, Callable[[_Request], Floats]] = {"window": _window, "cross_section": _week, "sql": _query}
    return of_form[wanted.signal.form](wanted)


def send_all(process: OwnProcess, signal: OwnSignal, panel: Panel, limits: Limits) -> None:
    """Send all bars to a process that computes whole dates; a window function gets those of one ticker at a time."""
    if signal.form != "window":
        _send(process, panel.arrays, limits)


def _send(process: OwnProcess, arrays: Sequence[TickerArrays], limits: Limits, *, step: int = 256) -> None:
    """Send bars in parts, the first of which replaces those sent before."""
    for start in range(0, max(len(arrays), 1), step):
        request = {"do": "bars", "bars": list(arrays[start : start + step]), "is_added": start > 0}
        process.ask(request, limits.query_seconds, "sending bars")


def _send_cut(wanted: _Request) -> None:
    """Send the bars of all tickers as of the date of the rows; those of a ticker without a row end there too."""
    if wanted.cut == "whole":
        return
    date = int(wanted.panel.date[wanted.group[0]])
    known: list[TickerArrays] = []
    for arrays in wanted.panel.arrays:
        last = int(np.searchsorted(arrays.date, date, side="right")) - 1
        if last >= 0:
            known.append(arrays.known_at(last, is_rescaled=wanted.cut == "rescaled"))
    _send(wanted.process, known, wanted.limits)


def _tickers(wanted: _Request) -> list[str]:
    return [wanted.panel.arrays[k].ticker for k in wanted.panel.ticker[wanted.group].tolist()]


def _window(wanted: _Request) -> Floats:
    process, limits, name = wanted.process, wanted.limits, wanted.signal.name
    arrays = wanted.panel.arrays[int(wanted.panel.ticker[wanted.group[0]])]
    bars = wanted.panel.bar[wanted.group].tolist()

    def ask(own: TickerArrays, rows: list[int]) -> Floats:
        process.ask({"do": "bars", "bars": [own], "is_added": False}, limits.query_seconds, "sending bars")
        request = {"do": "window", "signal": name, "ticker": own.ticker, "rows": rows, "is_checked": wanted.is_checked}
        return process.ask(request, limits.ticker_seconds, f"{name}: {arrays.ticker}")[1]

    if wanted.cut == "whole":
        return ask(arrays, bars)
    is_rescaled = wanted.cut == "rescaled"
    return np.concatenate([ask(arrays.known_at(bar, is_rescaled=is_rescaled), [bar]) for bar in bars])


def _week(wanted: _Request) -> Floats:
    _send_cut(wanted)
    request = {
        "do": "week",
        "signal": wanted.signal.name,
        "tickers": _tickers(wanted),
        "rows": wanted.panel.bar[wanted.group].tolist(),
        "eligible": wanted.panel.is_eligible[wanted.group].tolist(),
        "is_checked": wanted.is_checked,
    }
    day = wanted.panel.date[wanted.group[0]].astype("datetime64[D]")
    return wanted.process.ask(request, wanted.limits.ticker_seconds, f"{wanted.signal.name}: the week of {day}")[1]


def _query(wanted: _Request) -> Floats:
    """Values of a query; it cannot change its table, so `is_checked` has no meaning for it."""
    _send_cut(wanted)
    dates = wanted.panel.date[wanted.group]
    request = {"do": "sql", "signal": wanted.signal.name, "tickers": _tickers(wanted), "dates": dates}
    return wanted.process.ask(request, wanted.limits.query_seconds, f"{wanted.signal.name}: the query")[1]
