"""Setups as they were shown, by ticker: levels of held positions, and partners of fills.

Belongs here: the qualified setups of the lists that count, and their levels in current prices. Does not belong here:
the lists themselves (`btassets.run.shown_lists`), grading (`btassets.stages.journal`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from btassets.engine.days import EPOCH
from btassets.engine.market.bars import Bars
from btassets.run.shown_lists import SHOWN, Record, first_lists


@dataclass(frozen=True)
class ShownSetup:
    """One qualified setup of a list that was shown; prices as they were then."""

    as_of: date
    rank: int
    ticker: str
    direction: str
    entry: float
    stop: float
    target: float | None
    is_signal_day: bool


def shown_setups(records: Sequence[Record]) -> dict[str, list[ShownSetup]]:
    """Qualified setups with an entry and a stop of the lists that count, by ticker, oldest first."""
    found: dict[str, list[ShownSetup]] = {}
    for record in first_lists(records):
        if record["kind"] != SHOWN:
            continue
        for rank, row in enumerate(record["setups"], 1):
            if row["is_qualified"] and row["entry"] and row["stop"]:
                setup = ShownSetup(
                    date.fromisoformat(record["as_of"]),
                    rank,
                    row["ticker"],
                    row["direction"],
                    row["entry"],
                    row["stop"],
                    row["target"],
                    bool(record["is_signal_day"]),
                )
                found.setdefault(setup.ticker, []).append(setup)
    return found


def latest_before(setups: Mapping[str, Sequence[ShownSetup]], ticker: str, day: date) -> ShownSetup | None:
    """The last long setup of a ticker that was shown before a day."""
    own = [one for one in setups.get(ticker, ()) if one.direction == "long" and one.as_of < day]
    return own[-1] if own else None


def factor_since(setup: ShownSetup, bars: Bars | None) -> float | None:
    """Price of the as-of day now over the price shown: splits and dividends since; None without that bar."""
    close = close_on(bars, setup.as_of)
    return None if close is None else close / setup.entry


def close_on(bars: Bars | None, day: date) -> float | None:
    """Close of a day; None without a bar."""
    if bars is None:
        return None
    number = (day - EPOCH).days
    at = int(np.searchsorted(bars.dates, number))
    return float(bars.close[at]) if at < bars.n_bars and int(bars.dates[at]) == number else None
