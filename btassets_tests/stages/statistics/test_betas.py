"""Betas of rows and of a grid are those of the stored bars."""

import numpy as np
import pyarrow as pa
import pytest

from btassets.arrivals.of_book import active_tickers
from btassets.engine.statistics.beta import trailing_beta
from btassets.run.tables import inputs_of
from btassets.stages.bars.bars_view import read_bars
from btassets.stages.bars.sessions_view import read_sessions
from btassets.stages.portfolio.stored_inputs import read_benchmark_closes
from btassets.stages.statistics.benchmark_moves import benchmark_moves
from btassets.stages.statistics.betas import BetaTable, row_betas
from btassets_tests.support.small_books import run_book


@pytest.fixture(scope="module")
def found():
    """(tables and settings, tickers, rows in a mixed order, their betas the plain way)."""
    book = run_book()
    given = inputs_of("stat_groups", book)
    bars = read_bars(*given, active_tickers(book))
    tickers = list(bars)
    days = read_sessions(given[0]).days[[70, 260, 400, 600]]
    ticker_no = np.tile(np.arange(len(tickers)), len(days))[::-1].copy()
    asof = np.repeat(days, len(tickers))[::-1].copy()
    closes = read_benchmark_closes(given[0], read_sessions(given[0]).last)
    plain = []
    for k, day in zip(ticker_no, asof, strict=True):
        own = bars[tickers[k]]
        at = np.array([np.searchsorted(own.dates, day, side="right") - 1])
        plain.append(trailing_beta(own.close, closes.on(own.dates), at)[0])
    return given, tickers, ticker_no, asof, np.array(plain)


def test_rows_in_any_order_get_their_own_beta(found):
    given, tickers, ticker_no, asof, plain = found
    assert row_betas(*given, tickers, ticker_no, asof).tolist() == pytest.approx(plain.tolist(), rel=1e-9)
    assert len(set(plain.round(3).tolist())) > 8


def test_the_table_answers_by_name_and_date_and_with_one_where_it_has_none(found):
    given, tickers, ticker_no, asof, plain = found
    table = BetaTable(*given, np.unique(asof))
    names = pa.chunked_array([pa.array([tickers[k] for k in ticker_no])])
    assert table.of(names, asof) == pytest.approx(plain, abs=1e-6)
    other = table.of(pa.chunked_array([pa.array(["NOBODY", tickers[0]])]), np.array([asof[0], asof[0] + 1], np.int32))
    assert other.tolist() == [1.0, 1.0]


def test_a_move_is_beta_times_the_benchmarks_next_five_sessions(found):
    given, tickers, ticker_no, asof, plain = found
    days = read_sessions(given[0]).days
    closes = read_benchmark_closes(given[0], int(days[-1]))
    later = days[np.searchsorted(days, asof) + 5]
    expected = plain * (closes.on(later) / closes.on(asof) - 1.0)
    assert benchmark_moves(*given, tickers, ticker_no.astype(np.int32), asof) == pytest.approx(expected)


def test_without_a_benchmark_there_is_no_move_and_every_beta_is_one():
    book = run_book(1, 2.0, "none")
    given = inputs_of("stat_groups", book)
    day = read_sessions(given[0]).days[300:302]
    number = np.zeros(2, np.int32)
    names = active_tickers(book)
    assert row_betas(*given, names, number, day).tolist() == [1.0, 1.0]
    assert benchmark_moves(*given, names, number, day).tolist() == [0.0, 0.0]


def test_betas_kept_from_another_stage_equal_those_computed_from_the_bars(found):
    given, tickers, _, _, _ = found
    sessions = read_sessions(given[0])
    weeks = sessions.days[sessions.is_week][::20]
    number, asof = np.repeat(np.arange(len(tickers)), len(weeks)), np.tile(weeks, len(tickers))
    kept = row_betas(*given, tickers, number, asof)
    # A day between two week ends among the rows: all of them are computed from the bars.
    between = sessions.days[~sessions.is_week][-1:]
    plain = row_betas(*given, tickers, np.append(number, 0), np.append(asof, between))
    assert kept.tolist() == plain[:-1].tolist()
    assert (
        BetaTable(*given, sessions.days[sessions.is_week])
        .of(pa.chunked_array([pa.array([tickers[k] for k in number])]), asof)
        .tolist()
        == kept.astype(np.float32).astype(np.float64).tolist()
    )
