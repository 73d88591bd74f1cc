"""The `demo` source: a synthetic market that needs no key, network or data.

Belongs here: presets, names, and the sessions shown. Does not belong here: the model of the market
(`synthetic_market.py`), and the sessions of an exchange, which are passed in.
"""

import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from btassets.errors import SettingError
from btassets.settings.models import Settings
from btassets.sources.base import Basis, BlockedTickerError, RawBars
from btassets.sources.calendar.calendars import exchange_sessions
from btassets.sources.calendar.exchange_library import calendar_type
from btassets.sources.synthetic.synthetic_factors import DEFAULT_EPOCH, SESSIONS_A_YEAR, MarketSpec
from btassets.sources.synthetic.synthetic_market import MODEL_VERSION, CalendarTooShortError, SyntheticMarket
from btassets.storage.lake import Lake

PRESETS = {"demo": 0.006, "null": 0.0, "edge": 0.012}
"""Planted edge by preset: mean weekly rank ICs of about 0.03, 0 and 0.06 (30 sessions ahead)."""

BENCHMARK = "SYNIDX"
"""The market factor itself; listed by the source like any ticker, but not in its universe."""

LAST_SESSION = 20_453
"""2025-12-31: the fixed end of every preset; `extend` appends to it."""

_SESSIONS_OF_DEFAULT_EPOCH = 6 * SESSIONS_A_YEAR
_DAYS_OF_TEN_YEARS = 3_653
_PRESET, _WHERE = "demo.preset", "settings"
_BLOCK = 64  # tickers generated together: 50 times cheaper than one by one
_BLOCKS_KEPT = 4
_NOT_PICKLED = frozenset({"_lock", "_blocks", "market", "_spans"})
_NAME = re.compile(r"SYN(\d{4,})")


def ticker_name(number: int) -> str:
    """Name of ticker `number`, counted from 1; resembles no real one.

    >>> ticker_name(7)
    'SYN0007'
    """
    return f"SYN{number:04d}"


def weekday_sessions(first: int, last: int) -> npt.NDArray[np.int32]:
    """Mondays to Fridays from `first` to `last`, both inclusive: a calendar without an exchange.

    >>> weekday_sessions(20_453, 20_458).tolist()  # Wednesday 2025-12-31 to the next Monday
    [20453, 20454, 20455, 20458]
    """
    days = np.arange(first, last + 1, dtype=np.int32)
    return days[(days + 3) % 7 < 5]


def demo_epoch(n_sessions: int) -> int:
    """Start of the state of a demo market with that many sessions, days since 1970-01-01.

    2018-01-02 for up to 1,512 sessions (6 years); ten years earlier for up to 16 years, and so on. Markets of one epoch
    agree on every common session; those of different epochs are different.

    >>> [str(np.datetime64(demo_epoch(n), "D")) for n in (1260, 1512, 1513)]
    ['2018-01-02', '2018-01-02', '2008-01-02']
    """
    beyond = max(0, n_sessions - _SESSIONS_OF_DEFAULT_EPOCH)
    decades = -(-beyond // (10 * SESSIONS_A_YEAR))
    return DEFAULT_EPOCH - decades * _DAYS_OF_TEN_YEARS


def calendar_span(n_sessions: int, extend: int = 0) -> tuple[int, int]:
    """First and last date, inclusive, of the sessions required by `DemoSource` for this demo."""
    # 8 days for 5 sessions and a month: room for the holidays of any exchange.
    days_after = extend * 8 // 5 + 30 if extend else 0
    return demo_epoch(n_sessions), LAST_SESSION + days_after


class DemoSource:
    """The synthetic market as a `BarSource` of raw prices with splits and dividends.

    Parameters
    ----------
    sessions
        int32, days since 1970-01-01, ascending: all sessions of the calendar over `calendar_span`. Additional ones, on
        either side, change nothing. None: those of the New York Stock Exchange, loaded from the calendar library at
        first use (0.5 s).
    preset
        "demo", "null" or "edge": see `PRESETS`.
    n_tickers
        Tickers are numbered 1 to `n_tickers`; a number without a bar on any session shown (ended before, or not yet
        listed) is left out.
    n_years
        Years of 252 sessions shown up to 2025-12-31. An earlier start changes no bar with the same `demo_epoch`.
    n_sessions
        The same in sessions; overrides `n_years`.
    seed
        Another seed, another market.
    edge
        Planted edge instead of the preset's.
    extend
        Sessions appended after 2025-12-31; no earlier bar changes.
    has_lifecycle
        False: every ticker has a bar on every session.

    Raises
    ------
    SettingError
        For an unknown preset, or counts below 1.
    CalendarTooShortError
        If `sessions` do not cover the demo.
    """

    name = "demo"
    basis: Basis = "raw"

    def __init__(
        self,
        sessions: npt.NDArray[np.int32] | None = None,
        preset: str = "demo",
        *,
        n_tickers: int = 60,
        n_years: float = 5.0,
        n_sessions: int | None = None,
        seed: int = 7,
        edge: float | None = None,
        extend: int = 0,
        has_lifecycle: bool = True,
    ) -> None:
        if preset not in PRESETS:
            raise SettingError(_PRESET, preset, f"must be one of {', '.join(PRESETS)}", _WHERE)
        if n_sessions is None:
            n_sessions = round(n_years * SESSIONS_A_YEAR)
        for key, value, least in (
            ("demo.tickers", n_tickers, 1),
            ("demo.years (in sessions)", n_sessions, 1),
            ("demo.extend", extend, 0),
        ):
            if value < least:
                raise SettingError(key, value, f"must be at least {least}", _WHERE)
        self.n_tickers = n_tickers
        self.spec = MarketSpec(
            seed=seed,
            edge=PRESETS[preset] if edge is None else edge,
            has_lifecycle=has_lifecycle,
            epoch=demo_epoch(n_sessions),
        )
        self._given, self._n_sessions, self._extend = sessions, n_sessions, extend
        self._lock = threading.Lock()
        self._blocks: OrderedDict[tuple[int, int], list[RawBars]] = OrderedDict()
        self._place: dict[str, int] = {}
        self._announced = np.empty(0, np.int64)
        if sessions is not None:
            _ = self._sessions  # refuse a short calendar now

    def __getstate__(self) -> dict[str, object]:
        return {key: value for key, value in self.__dict__.items() if key not in _NOT_PICKLED}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._lock = threading.Lock()
        self._blocks = OrderedDict()
        self._place = {}
        self._announced = np.empty(0, np.int64)

    @cached_property
    def market(self) -> SyntheticMarket:
        """The market behind the source, with its known truth (`expected_returns`)."""
        fixed_end = int(np.searchsorted(self._sessions, LAST_SESSION, side="right"))
        first_date = int(self._sessions[max(0, fixed_end - self._n_sessions)])
        return SyntheticMarket(self.spec, self._sessions, first_date)

    def tickers(self) -> list[str]:
        """Names with at least one bar, sorted by bytes, the benchmark included."""
        return sorted([*self._spans, BENCHMARK])

    def stamp(self, ticker: str) -> str:
        """Fingerprint of all inputs of the ticker's bars; computes no bar."""
        shown = self.market.shown_sessions
        span = (int(shown[0]), int(shown[-1])) if ticker == BENCHMARK else self._spans.get(ticker)
        if span is None:
            return ""
        until = self._sessions[: np.searchsorted(self._sessions, span[1], side="right")]
        calendar = hashlib.blake2b(until.astype("<i4").tobytes(), digest_size=8).hexdigest()
        return f"{MODEL_VERSION}:{self.spec!r}:{span[0]}:{span[1]}:{calendar}"

    def announce(self, wanted: Mapping[str, int | None]) -> None:
        """Compute bars in the order of later calls: a block is used by 64 calls, not one."""
        names = [ticker for ticker in wanted if ticker in self._spans]
        with self._lock:
            self._place = {ticker: place for place, ticker in enumerate(names)}
            self._announced = np.array([_number(ticker) for ticker in names], dtype=np.int64)
            self._blocks.clear()

    def fetch(self, ticker: str) -> RawBars:
        """All bars of one ticker; the bars of its neighbours are cached for the next calls.

        Raises
        ------
        BlockedTickerError
            Q1, for a name not in the source.
        """
        if ticker == BENCHMARK:
            return self.market.benchmark()
        if ticker not in self._spans:
            reason = f"not a ticker of this demo; it has {len(self._spans)} tickers; choose one of them"
            raise BlockedTickerError(ticker, "Q1", reason)
        with self._lock:
            numbers = self._announced if ticker in self._place else np.arange(1, self.n_tickers + 1)
            block, place = divmod(self._place.get(ticker, _number(ticker) - 1), _BLOCK)
            tables = self._blocks.get((len(numbers), block))
            if tables is None:
                tables = self.market.bars(numbers[block * _BLOCK : (block + 1) * _BLOCK])
                self._blocks[len(numbers), block] = tables
                if len(self._blocks) > _BLOCKS_KEPT:
                    self._blocks.popitem(last=False)
        return tables[place]

    @cached_property
    def _sessions(self) -> npt.NDArray[np.int32]:
        """All sessions simulated."""
        given = self._given
        if given is None:
            given = _new_york_sessions(*calendar_span(self._n_sessions, self._extend))
        return _cut(given, self.spec.epoch, self._extend)

    @cached_property
    def _spans(self) -> dict[str, tuple[int, int]]:
        """First and last date of every ticker with a bar."""
        numbers = np.arange(1, self.n_tickers + 1)
        first, last = self.market.spans(numbers)
        return {
            ticker_name(int(number)): (int(a), int(z))
            for number, a, z in zip(numbers, first, last, strict=True)
            if a <= z
        }


def _number(ticker: str) -> int:
    found = _NAME.fullmatch(ticker)
    return int(found[1]) if found else 0


def _new_york_sessions(first: int, last: int) -> npt.NDArray[np.int32]:
    start, end = (str(np.datetime64(day, "D")) for day in (first, last))
    calendar = calendar_type("XNYS")(start=start, end=end)
    return calendar.sessions.to_numpy().astype("datetime64[D]").astype(np.int32)


def _cut(sessions: npt.NDArray[np.int32], epoch: int, extend: int) -> npt.NDArray[np.int32]:
    """Sessions from the epoch to `extend` sessions after the fixed last one."""
    days = np.ascontiguousarray(sessions, dtype=np.int32)
    fixed_end = int(np.searchsorted(days, LAST_SESSION, side="right"))
    is_short = len(days) == 0 or days[0] > epoch + 7 or days[-1] < LAST_SESSION - 7
    if is_short or len(days) < fixed_end + extend:
        span = [str(np.datetime64(int(day), "D")) for day in days[[0, -1]]] if len(days) else ["nowhere"] * 2
        raise CalendarTooShortError(span[0], span[1], str(np.datetime64(epoch, "D")), extend)
    days = days[: fixed_end + extend]
    return days[days >= epoch]


def open_demo(settings: Settings, folder: Path, lake: Lake | None) -> DemoSource:
    """Source of a book whose settings name the demo market; without a lake its sessions are plain weekdays."""
    del folder
    demo = settings.demo
    n_sessions = round(demo.years * SESSIONS_A_YEAR)
    sessions = None if lake is None else exchange_sessions(lake, "XNYS", *calendar_span(n_sessions, demo.extend))
    return DemoSource(
        sessions,
        demo.preset,
        n_tickers=demo.tickers,
        seed=demo.seed,
        n_sessions=n_sessions,
        extend=demo.extend,
    )
