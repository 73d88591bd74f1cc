"""A stock market with a known truth: the demo's data and the test bed of every statistic.

Belongs here: the model of daily returns and its bars. Does not belong here: the random numbers (`counter_random.py`),
the traits of companies (`synthetic_companies.py`), the source that offers the bars (`demo.py`).

The model, per session t and ticker k (all shocks symmetric around 0 given the past):

- return of the night and of the day: beta m + gamma s + e, 30% of the variance at night;
- market m: GJR-GARCH(1,1), Student-t4 shocks; sectors s: t4, volatility linked to the market's;
- own shock e: GARCH(1,1), t4, volatility linked to the market's; earnings jumps once a quarter,
  at night;
- price(t) = price(t-1) (1 + night) (1 + day). Returns are arithmetic, so mean-0 shocks make the price an exact
  martingale without a Jensen term. Extreme returns are clipped symmetrically, which preserves this;
- high and low: exact laws of the maximum and the minimum of the Brownian path between open and close, with the actual
  variance of the day's shocks, so that a stop or target touched within the bar has mean 0 as well;
- planted edge: the expected return of a session is edge x the clipped, standardised sum of the
  ticker's own shocks from 252 to 21 sessions ago x the usual size of one such shock. Mean weekly
  rank IC of residual momentum against 30 sessions ahead: about 5 x edge.

**Stability.** A shock is a function of seed, ticker and DATE. Recursions start at `MarketSpec.epoch`, never at the
first bar shown. So other tickers, later sessions or an earlier start change no bar, bit for bit.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from btassets.engine.market.raw_bars import RawBars
from btassets.errors import EXIT_USAGE, BtassetsError
from btassets.sources.synthetic import counter_random as cr
from btassets.sources.synthetic.synthetic_bars import Traded, shown_bars
from btassets.sources.synthetic.synthetic_companies import (
    NO_DATE,
    Companies,
    corporate_actions,
    earnings_jumps,
    first_sessions_at,
    found_companies,
)
from btassets.sources.synthetic.synthetic_factors import (
    MARKET,
    MARKET_VOL,
    MAX_HALF_RETURN,
    MAX_MIXING,
    MIXING,
    NIGHT,
    SHOCK,
    MarketSpec,
    Returns,
    garch_states,
    market_factor,
    sector_factors,
)

MODEL_VERSION = "1"
"""Part of every stamp: increment it with any change that moves a bar."""

WARM_UP_SESSIONS = 378
"""Sessions from the epoch to the first bar that may be shown: 253 for the first 12-1 shock, and 125 more to forget the
initial state of that signal and the volatility."""

_OWN_NIGHT = 0.22  # of the own diffusive variance; with the earnings jumps 30% of a ticker's whole
_OWN_ALPHA, _OWN_BETA = 0.08, 0.905
_OWN_LINK = 0.35  # share of the own variance that moves with the market's
_MAX_RADIUS = 6.0  # standard deviations of a t4 shock

_MOMENTUM_FROM, _MOMENTUM_TO = 252, 21
_MAX_SIGNAL = 2.5
_EDGE_SCALE = 1.19  # measured: makes the mean IC 5 x edge

_MARKET_DOLLAR_VOLUME = 2.0e10
_MARKET_FIRST_PRICE = 250.0


@dataclass(eq=False)
class CalendarTooShortError(BtassetsError):
    """The given sessions do not cover the market from its epoch to the last session required."""

    exit_code = EXIT_USAGE

    first: str
    last: str
    epoch: str
    extend: int

    def __str__(self) -> str:
        return (
            f"synthetic market: the calendar has sessions from {self.first} to {self.last}; every session since "
            f"{self.epoch} and {self.extend} after 2025-12-31 are needed; pass a longer calendar."
        )


class SyntheticMarket:
    """Bars of one synthetic market on given sessions.

    Parameters
    ----------
    spec
        The market.
    sessions
        int32, days since 1970-01-01, ascending: every session of the calendar from the epoch (or before) to the last
        one required.
    first_date
        First date shown; earlier sessions are warm-up. None, or too early a date: `WARM_UP_SESSIONS` after the epoch.

    Attributes
    ----------
    sessions
        The sessions simulated, from the epoch on.
    shown_sessions
        Those on which a permanently listed ticker has a bar, int32 (n_bars,).
    """

    def __init__(self, spec: MarketSpec, sessions: npt.NDArray[np.int32], first_date: int | None = None) -> None:
        sessions = np.ascontiguousarray(sessions, dtype=np.int32)
        if len(sessions) == 0 or sessions[0] > spec.epoch + 7:
            first, last = (_iso(sessions[0]), _iso(sessions[-1])) if len(sessions) else ("nowhere", "nowhere")
            raise CalendarTooShortError(first, last, _iso(spec.epoch), 0)
        self.spec = spec
        self.sessions = sessions[sessions >= spec.epoch]
        wanted = 0 if first_date is None else int(np.searchsorted(self.sessions, first_date))
        self._first_shown = max(min(WARM_UP_SESSIONS, len(self.sessions)), wanted)
        self.shown_sessions = self.sessions[self._first_shown :]
        self._market, self._stress = market_factor(spec, self.sessions)
        self._sectors = sector_factors(spec, self.sessions, self._stress)

    def benchmark(self) -> RawBars:
        """Bars of the market factor itself: no splits, no dividends."""
        market = self._market
        returns = Returns(market.night[:, None], market.day[:, None], market.variance[:, None])
        traded = Traded(
            entities=np.array([MARKET]),
            returns=returns,
            close=_MARKET_FIRST_PRICE * _index(returns),
            usual_move=np.array([MARKET_VOL]),
            dollar_volume=np.array([_MARKET_DOLLAR_VOLUME]),
        )
        shown = shown_bars(traded, self.spec.seed, self.sessions, self._first_shown)
        n_bars = len(self.shown_sessions)
        return shown.raw_bars(0, slice(None), self.shown_sessions, np.zeros(n_bars), np.ones(n_bars))

    def bars(self, numbers: npt.NDArray[np.int64]) -> list[RawBars]:
        """Raw bars with splits and dividends of the tickers with these numbers (1, 2, ...), in their order.

        A ticker not listed on any shown session gives zero bars. The work arrays take about 25 x 8 bytes per ticker and
        session: pass a few dozen numbers at a time.
        """
        companies = self._companies(numbers)
        returns = self._returns(companies)
        index = _index(returns)
        listed, starts, stops = self._places(companies)
        scale, dividend, split = corporate_actions(companies, self.sessions, index, listed, self.spec.seed)
        scale *= index
        traded = Traded(
            entities=companies.entities,
            returns=returns,
            close=scale,
            usual_move=companies.usual_shock,
            dollar_volume=companies.dollar_volume,
        )
        shown = shown_bars(traded, self.spec.seed, self.sessions, self._first_shown)
        tables: list[RawBars] = []
        for j, (start, stop) in enumerate(zip(starts.tolist(), stops.tolist(), strict=True)):
            rows = slice(start - self._first_shown, stop - self._first_shown)
            days = slice(start, stop)
            tables.append(shown.raw_bars(j, rows, self.sessions[days], dividend[days, j], split[days, j]))
        return tables

    def spans(self, numbers: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """First and last date with a bar of each ticker; first > last if there is none."""
        _, starts, stops = self._places(self._companies(numbers))
        has_bars = stops > starts
        last_index = len(self.sessions) - 1
        first = np.where(has_bars, self.sessions[np.minimum(starts, last_index)], NO_DATE)
        last = np.where(has_bars, self.sessions[np.clip(stops - 1, 0, last_index)], 0)
        return first, last

    def _places(
        self, companies: Companies
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Find the sessions of listing, of the first bar shown and after the last one."""
        always = companies.listing_date == NO_DATE
        listed = np.where(always, 0, first_sessions_at(self.sessions, companies.listing_date))
        starts = np.maximum(listed, self._first_shown)
        stops = np.searchsorted(self.sessions, companies.end_date, side="right")
        return listed, starts, np.maximum(stops, starts)

    def expected_returns(self, numbers: npt.NDArray[np.int64]) -> cr.Floats:
        """Planted expected return of each shown session beyond beta times the market's, (n_bars, n_tickers).

        The true signal for a selection rule; known at the close of the session before.
        """
        companies = self._companies(numbers)
        own_night, own_day, _ = self._own_shocks(companies)
        return self._planted_drift(companies, own_night + own_day)[self._first_shown :]

    def _companies(self, numbers: npt.NDArray[np.int64]) -> Companies:
        return found_companies(self.spec, np.asarray(numbers, dtype=np.int64))

    def _own_shocks(self, companies: Companies) -> tuple[cr.Floats, cr.Floats, cr.Floats]:
        """Draw own night, own day (both with mean 0) and the day's path variance, (n_days, n_tickers)."""
        spec, sessions = self.spec, self.sessions
        keys = cr.stream_keys(spec.seed, companies.entities, SHOCK)
        x, y, tail = cr.student4_pair(cr.random_bits(keys, sessions), _MAX_RADIUS)
        keys = cr.stream_keys(spec.seed, companies.entities, MIXING)
        mixing = cr.mixing_variance(cr.random_bits(keys, sessions), tail, MAX_MIXING)
        x *= math.sqrt(_OWN_NIGHT)
        y *= math.sqrt(1.0 - _OWN_NIGHT)
        growth = x + y
        growth *= growth
        growth *= _OWN_ALPHA
        growth += _OWN_BETA
        state = garch_states(growth, 1.0 - _OWN_ALPHA - _OWN_BETA)
        state *= ((1.0 - _OWN_LINK) + _OWN_LINK * self._stress)[:, None]
        state *= companies.own_vol * companies.own_vol
        mixing *= state
        mixing *= 1.0 - _OWN_NIGHT
        vol = np.sqrt(state, out=state)
        x *= vol
        y *= vol
        days, jumps = earnings_jumps(companies, sessions, spec.seed)
        inside = (days > 0) & (days < len(sessions))
        rows, columns = np.nonzero(inside)
        x[days[rows, columns], columns] += jumps[rows, columns]
        return x, y, mixing

    def _planted_drift(self, companies: Companies, own: cr.Floats) -> cr.Floats:
        """Compute expected returns of each session from the own shocks up to the session before."""
        drift = np.zeros_like(own)
        first = _MOMENTUM_FROM + 1
        if self.spec.edge == 0.0 or len(own) <= first:
            return drift
        usual = companies.usual_shock
        total = np.cumsum(own / usual, axis=0)
        signal = total[first - 1 - _MOMENTUM_TO : -1 - _MOMENTUM_TO] - total[: -1 - _MOMENTUM_FROM]
        signal *= 1.0 / math.sqrt(_MOMENTUM_FROM - _MOMENTUM_TO)
        np.clip(signal, -_MAX_SIGNAL, _MAX_SIGNAL, out=signal)
        signal *= self.spec.edge * _EDGE_SCALE * usual
        drift[first:] = signal
        return drift

    def _returns(self, companies: Companies) -> Returns:
        """Compute all sessions' returns, (n_days, n_tickers)."""
        night, day, variance = self._own_shocks(companies)
        drift = self._planted_drift(companies, night + day)
        beta, gamma, sector = companies.beta, companies.gamma, companies.sector
        _add_factors(night, self._market.night, beta, self._sectors.night[:, sector], gamma)
        _add_factors(day, self._market.day, beta, self._sectors.day[:, sector], gamma)
        for half in (night, day):
            np.clip(half, -MAX_HALF_RETURN, MAX_HALF_RETURN, out=half)
        _add_factors(variance, self._market.variance, beta * beta, self._sectors.variance[:, sector], gamma * gamma)
        self._end_companies(companies, Returns(night, day, variance), drift)
        night += NIGHT * drift
        day += (1.0 - NIGHT) * drift
        return Returns(night, day, variance)

    def _end_companies(self, companies: Companies, returns: Returns, drift: cr.Floats) -> None:
        """Insert the last weeks of ending tickers into the returns, in place.

        The news comes at night and its jump replaces that night's shock; takeover (+25%, 65 of
        100) and collapse (-46.4%, 35 of 100) together have mean 0. Afterwards a takeover hardly
        moves, a collapse moves half as much again.
        """
        for j in np.flatnonzero(companies.end_date != NO_DATE):
            news = int(np.searchsorted(self.sessions, companies.news_date[j]))
            if news >= len(self.sessions):
                continue
            calm = companies.calm_after[j]
            returns.night[news, j] = companies.news_jump[j]
            returns.night[news + 1 :, j] *= calm
            returns.day[news + 1 :, j] *= calm
            returns.variance[news + 1 :, j] *= calm * calm
            drift[news:, j] = 0.0


def _index(returns: Returns) -> cr.Floats:
    """Value of 1 US dollar from before the first session, dividends reinvested."""
    growth = (1.0 + returns.night) * (1.0 + returns.day)
    return np.cumprod(growth, axis=0, out=growth)


def _add_factors(own: cr.Floats, market: cr.Floats, beta: cr.Floats, sectors: cr.Floats, gamma: cr.Floats) -> None:
    """Add beta x market + gamma x sector in place; overwrites `sectors`."""
    own += market[:, None] * beta
    sectors *= gamma
    own += sectors


def _iso(date: np.int32 | int) -> str:
    return str(np.datetime64(int(date), "D"))
