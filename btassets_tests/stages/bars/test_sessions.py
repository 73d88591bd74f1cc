"""Calendar, week ends and T of a book, from bars whose dates are known."""

from pathlib import Path

import numpy as np
import pytest

from btassets.arrivals.of_book import ingest
from btassets.book.book import Book, open_book
from btassets.engine.market.bars import Bars
from btassets.errors import NoBarsError
from btassets.graph.flow import STAGES
from btassets.graph.stage import Reads
from btassets.run.run_stage import run_stage
from btassets.run.tables import Tables, inputs_of
from btassets.stages.bars.sessions import BarDays, compute, windowed
from btassets.stages.bars.sessions_view import read_sessions
from btassets_tests.support.book_factory import make_book, market, write_bars

READS = Reads("test", __file__, reads=("sessions",))


def cut(bars: Bars, n: int) -> Bars:
    return Bars(*(getattr(bars, name)[:n] for name in ("dates", "open", "high", "low", "close", "volume")))


def ingested(tmp_path: Path, lengths: dict[str, int], **settings: object) -> Book:
    """A book whose tickers have their first `n` bars of 420."""
    bars, benchmark = market()
    for ticker, n in lengths.items():
        write_bars(tmp_path / "bars" / f"{ticker}.parquet", cut(bars[ticker], n))
    write_bars(tmp_path / "SPY.parquet", benchmark)
    book = open_book(make_book(tmp_path / "book", tmp_path, **settings), environ={})
    ingest(book, sorted(lengths))
    return book


@pytest.mark.parametrize(
    ("lengths", "last"),
    [
        ((420, 420, 420, 420), 420),
        ((420, 418, 418, 418), 418),
        ((420, 420, 418, 418), 420),
        ((420, 420, 420, 300), 420),
        ((420, 300, 300, 300), 300),
    ],
    ids=["all", "one ahead", "half ahead", "one ended", "one far ahead"],
)
def test_t_is_the_last_session_that_half_of_the_living_share(
    tmp_path: Path, lengths: tuple[int, ...], last: int
) -> None:
    book = ingested(tmp_path, {f"SYN000{k + 1}": n for k, n in enumerate(lengths)})
    dates = market()[0]["SYN0001"].dates
    result = compute(*inputs_of("sessions", book))
    assert result.facts["last"] == int(dates[last - 1])
    table = result.tables["sessions"]
    assert table["date"].cast("int32").to_pylist() == dates[:last].tolist()
    assert table["n_tickers"].to_pylist()[-1] == sum(n >= last for n in lengths)
    assert result.numbers["as_of"] == str(np.datetime64(int(dates[last - 1]), "D"))


def test_a_week_is_completed_by_its_friday_or_by_a_later_bar(tmp_path: Path) -> None:
    book = ingested(tmp_path, {"SYN0001": 418, "SYN0002": 418})  # ends on Monday, 2022-01-03
    run_stage("sessions", book)
    sessions = read_sessions(Tables(READS, book))
    week_ends = [str(np.datetime64(int(day), "D")) for day in sessions.days[sessions.is_week]]
    assert week_ends[-1] == "2021-12-31"
    assert all((np.datetime64(day) - np.datetime64("1970-01-02")).astype(int) % 7 == 0 for day in week_ends)
    assert str(np.datetime64(sessions.last, "D")) == "2022-01-03"


def test_the_benchmark_and_excluded_tickers_are_no_part_of_the_calendar(tmp_path: Path) -> None:
    book = ingested(tmp_path, {"SYN0001": 400, "SYN0002": 400, "SYN0003": 420}, universe__exclude=["SYN0003"])
    assert compute(*inputs_of("sessions", book)).numbers["n_sessions"] == 400
    listed = {"SYN0001": 400, "SYN0002": 420}
    other = ingested(tmp_path / "b", listed, benchmark="SYN0002")
    assert compute(*inputs_of("sessions", other)).numbers["n_sessions"] == 400


def test_what_decides_the_universe_decides_the_calendar() -> None:
    assert {"universe", "calendar", "benchmark"} <= set(STAGES["sessions"].settings)


def test_an_exchange_calendar_has_sessions_without_a_bar(tmp_path: Path) -> None:
    book = ingested(tmp_path, {"SYN0001": 420, "SYN0002": 420}, calendar="XNYS")
    table = compute(*inputs_of("sessions", book)).tables["sessions"]
    days = {str(day) for day in table["date"].to_pylist()}
    assert "2021-11-25" not in days  # Thanksgiving: a weekday bar on it was quarantined
    assert "2021-11-26" in days
    assert str(table["date"][-1].as_py()) == "2022-01-05"


def test_no_bar_at_all_is_an_error(tmp_path: Path) -> None:
    book = open_book(make_book(tmp_path / "book", tmp_path), environ={})
    with pytest.raises(NoBarsError):
        compute(*inputs_of("sessions", book))


@pytest.mark.parametrize(("days", "first"), [(0, None), (1, 19), (10, 10), (999, -979)])
def test_a_window_is_counted_from_the_newest_bar_of_any_ticker(days: int, first: int | None) -> None:
    bars = BarDays(np.array([1, 9, 10, 2, 3, 20], np.int32), np.array([3, 10], np.int32), {"A": (1, 10), "B": (2, 20)})
    found, start = windowed(bars, days)
    assert start == first
    if first is None:
        assert found is bars
        return
    assert found.dates.tolist() == [day for day in bars.dates.tolist() if day >= first]
    assert found.quiet.tolist() == [day for day in (3, 10) if day >= first]
    assert found.spans == {t: (max(a, first), b) for t, (a, b) in bars.spans.items() if b >= first}
    assert windowed(BarDays(bars.dates[:0], bars.quiet[:0], {}), days)[1] is None
