"""Companies of the synthetic market: traits and corporate actions.

Belongs here: its fixed traits, listing and end, earnings dates, splits and dividends. Does not belong here: price moves
(`synthetic_market.py`).

Everything depends on dates, never on positions in an array, so that a longer calendar moves nothing.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from btassets.sources.synthetic import counter_random as cr
from btassets.sources.synthetic.synthetic_factors import (
    EARNINGS,
    FIRST_TICKER,
    FIRST_TRAIT,
    N_SECTORS,
    SESSIONS_A_YEAR,
    SPLITS,
    MarketSpec,
)

NO_DATE = np.iinfo(np.int32).max
"""Listing date of a ticker that always existed; end date of one that continues."""

_QUARTER_DAYS = 91
_SPLIT_AFTER_DIVIDEND_DAYS = 45

_FRAC_LISTING_LATE = 0.12
_LISTING_FROM_DAYS, _LISTING_SPAN_DAYS = 550, 1_900
_END_FROM_DAYS, _END_SPAN_DAYS = 1_280, 40 * 365  # one ticker in 40 ends each year
_MIN_LIFE_DAYS = 540
_FRAC_TAKEOVERS = 0.65
_TAKEOVER_JUMP = 0.25
_COLLAPSE_JUMP = -_FRAC_TAKEOVERS * _TAKEOVER_JUMP / (1.0 - _FRAC_TAKEOVERS)  # the two have mean 0
_CALM_AFTER_TAKEOVER, _CALM_AFTER_COLLAPSE = 0.08, 1.5


@dataclass(frozen=True, slots=True)
class Companies:
    """Traits of some tickers, arrays (n_tickers,).

    Attributes
    ----------
    entities
        int64, names in the random streams.
    sector
        int64, 0 to `N_SECTORS` - 1.
    beta, gamma
        Loadings on the market and on the own sector.
    own_vol, jump_vol
        Standard deviation of the own shock of a session and of an earnings jump, fractions.
    usual_shock
        Standard deviation of a session's own shock, the jumps spread over the year, a fraction.
    first_price
        Raw price before the first session, US dollars.
    dollar_volume
        Usual value traded in a session, US dollars.
    dividend_yield
        Yearly, a fraction; 0 for non-payers.
    split_price
        Raw price above which the company splits its shares, US dollars.
    earnings_offset, dividend_offset
        int64, days since 1970-01-01 modulo 91 of the quarterly dates.
    listing_date, news_date, end_date
        int32, first date with a bar; date of the news that ends the ticker; last date with a bar. `NO_DATE` if there
        is none.
    news_jump, calm_after
        Return of the night of the news; multiple of the shocks after it.
    """

    entities: npt.NDArray[np.int64]
    sector: npt.NDArray[np.int64]
    beta: cr.Floats
    gamma: cr.Floats
    own_vol: cr.Floats
    jump_vol: cr.Floats
    usual_shock: cr.Floats
    first_price: cr.Floats
    dollar_volume: cr.Floats
    dividend_yield: cr.Floats
    split_price: cr.Floats
    earnings_offset: npt.NDArray[np.int64]
    dividend_offset: npt.NDArray[np.int64]
    listing_date: npt.NDArray[np.int32]
    news_date: npt.NDArray[np.int32]
    end_date: npt.NDArray[np.int32]
    news_jump: cr.Floats
    calm_after: cr.Floats


def found_companies(spec: MarketSpec, numbers: npt.NDArray[np.int64]) -> Companies:
    """Traits of the tickers with these numbers (1, 2, ...)."""
    entities = numbers + FIRST_TICKER

    def draw(trait: int) -> cr.Floats:
        keys = cr.stream_keys(spec.seed, entities, FIRST_TRAIT + trait)
        return cr.uniform(cr.random_bits(keys, np.array([0])))[0]

    wild = draw(0)
    own_vol = (0.155 + 0.24 * (wild * wild)) / math.sqrt(SESSIONS_A_YEAR)
    jump_vol = 0.020 + 0.028 * draw(1)
    pays = draw(2) < 0.6
    dear = draw(7)  # a power function would differ between processors
    listing, news, end, jump, calm = _lives(draw, spec, len(entities))
    return Companies(
        entities=entities,
        sector=np.floor(draw(3) * N_SECTORS).astype(np.int64),
        beta=0.55 + 0.5 * (draw(4) + draw(5)),
        gamma=0.6 + 0.8 * draw(6),
        own_vol=own_vol,
        jump_vol=jump_vol,
        usual_shock=np.sqrt(own_vol * own_vol + jump_vol * jump_vol * (4.0 / SESSIONS_A_YEAR)),
        first_price=18.0 + 150.0 * (dear * dear * dear),
        dollar_volume=3.0e6 * cr.exponential_function(4.2 * draw(8)),
        dividend_yield=np.where(pays, 0.005 + 0.035 * draw(9), 0.0),
        split_price=110.0 + 250.0 * draw(10),
        earnings_offset=np.floor(draw(11) * _QUARTER_DAYS).astype(np.int64),
        dividend_offset=np.floor(draw(12) * _QUARTER_DAYS).astype(np.int64),
        listing_date=listing,
        news_date=news,
        end_date=end,
        news_jump=jump,
        calm_after=calm,
    )


_Dates = npt.NDArray[np.int32]


def _lives(
    draw: Callable[[int], cr.Floats], spec: MarketSpec, n_tickers: int
) -> tuple[_Dates, _Dates, _Dates, cr.Floats, cr.Floats]:
    """Draw listing, news and end dates, the jump at the news and the calm after it."""
    never = np.full(n_tickers, NO_DATE, dtype=np.int32)
    if not spec.has_lifecycle:
        return never, never, never, np.zeros(n_tickers), np.ones(n_tickers)
    is_late = draw(13) < _FRAC_LISTING_LATE
    born = spec.epoch + _LISTING_FROM_DAYS + np.floor(draw(14) * _LISTING_SPAN_DAYS)
    died = spec.epoch + _END_FROM_DAYS + np.floor(draw(15) * _END_SPAN_DAYS)
    has_end = ~is_late | (died >= born + _MIN_LIFE_DAYS)
    is_takeover = draw(16) < _FRAC_TAKEOVERS
    days_left = np.where(is_takeover, 40.0 + np.floor(50.0 * draw(17)), 15.0 + np.floor(30.0 * draw(17)))
    return (
        np.where(is_late, born, NO_DATE).astype(np.int32),
        np.where(has_end, died, NO_DATE).astype(np.int32),
        np.where(has_end, died + days_left, NO_DATE).astype(np.int32),
        np.where(is_takeover, _TAKEOVER_JUMP, _COLLAPSE_JUMP),
        np.where(is_takeover, _CALM_AFTER_TAKEOVER, _CALM_AFTER_COLLAPSE),
    )


def first_sessions_at(
    sessions: npt.NDArray[np.int32], dates: npt.NDArray[np.int32] | npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Index of the first session on or after each date, `len(sessions)` if there is none."""
    return np.searchsorted(sessions, dates.ravel()).reshape(dates.shape)


def _quarter_dates(sessions: npt.NDArray[np.int32], offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Dates offset + 91 q that cover the sessions, (n_quarters, n_tickers)."""
    quarters = np.arange(int(sessions[0]) // _QUARTER_DAYS - 1, int(sessions[-1]) // _QUARTER_DAYS + 1)
    return quarters[:, None] * _QUARTER_DAYS + offsets[None, :]


def earnings_jumps(
    companies: Companies, sessions: npt.NDArray[np.int32], seed: int
) -> tuple[npt.NDArray[np.int64], cr.Floats]:
    """Sessions (indices, 0 or `len(sessions)` if outside) and jumps of all earnings nights.

    Both (n_quarters, n_tickers). Jumps are t4 shocks of mean 0, fractions.
    """
    dates = _quarter_dates(sessions, companies.earnings_offset)
    keys = cr.stream_keys(seed, companies.entities, EARNINGS)
    jumps, _, _ = cr.student4_pair(cr.random_bits(keys, dates), 4.0)
    jumps *= companies.jump_vol
    return first_sessions_at(sessions, dates), jumps


def corporate_actions(
    companies: Companies,
    sessions: npt.NDArray[np.int32],
    index: cr.Floats,
    listed: npt.NDArray[np.int64],
    seed: int,
) -> tuple[cr.Floats, cr.Floats, cr.Floats]:
    """Scale that turns the total-return index into raw prices, dividends and splits.

    Parameters
    ----------
    companies
        Their traits.
    sessions
        int32, (n_days,).
    index
        Total-return index, 1 before the first session, (n_days, n_tickers).
    listed
        Index of each ticker's first session with a bar.
    seed
        Of the market.

    Returns
    -------
    tuple of numpy.ndarray
        scale, dividend (US dollars per share, else 0), split (new shares per old, else 1), each (n_days, n_tickers). On
        an ex-date scale changes by the factor (previous close - dividend) / previous close, on a split by 1 / ratio:
        adjusted backward, the bars reproduce the index.
    """
    n_days, n_tickers = index.shape
    dividend = np.zeros_like(index)
    split = np.ones_like(index)
    factor = np.ones_like(index)
    every = np.arange(n_tickers)
    before = index[np.clip(listed - 1, 0, n_days - 1), every]
    level = np.where((listed > 0) & (listed < n_days), companies.first_price / before, companies.first_price)
    factor[0] = level
    dates = _quarter_dates(sessions, companies.dividend_offset)
    dividend_days = first_sessions_at(sessions, dates)
    split_dates = dates + _SPLIT_AFTER_DIVIDEND_DAYS
    split_days = first_sessions_at(sessions, split_dates)
    chance = cr.uniform(cr.random_bits(cr.stream_keys(seed, companies.entities, SPLITS), split_dates))
    for quarter in range(len(dates)):
        # The dividend of a quarter comes before its split for every ticker, so `level` is up to date.
        day = dividend_days[quarter]
        column = np.flatnonzero((day > listed) & (day < n_days) & (companies.dividend_yield > 0.0))
        day = day[column]
        previous = index[day - 1, column] * level[column]
        cash = np.floor(previous * companies.dividend_yield[column] * 25.0 + 0.5) / 100.0
        change = (previous - cash) / previous
        dividend[day, column] = cash
        factor[day, column] = change
        level[column] *= change

        day = split_days[quarter]
        column = np.flatnonzero((day > listed) & (day < n_days))
        day = day[column]
        ratio = _split_ratios(
            index[day - 1, column] * level[column], companies.split_price[column], chance[quarter, column]
        )
        split[day, column] = ratio
        factor[day, column] = 1.0 / ratio
        level[column] *= 1.0 / ratio
    return np.cumprod(factor, axis=0, out=factor), dividend, split


def _split_ratios(price: cr.Floats, split_price: cr.Floats, chance: cr.Floats) -> cr.Floats:
    """Choose new shares per old: 2 to 5 or 10 for expensive shares, 1/5 or 1/10 for very cheap ones, else 1."""
    wanted = np.minimum(np.maximum(np.floor(price / 60.0 + 0.5), 2.0), 10.0)
    wanted = np.where(wanted > 5.0, 10.0, wanted)
    ratio = np.where(price >= split_price, wanted, 1.0)
    ratio = np.where((ratio == 1.0) & (chance < 0.01) & (price > 45.0), 2.0, ratio)
    ratio = np.where(price < 5.0, 0.2, ratio)
    return np.where(price < 2.5, 0.1, ratio)
