"""Part `ranking` of the report: means by hand, fifths by a plain loop over the book's own rows."""

import datetime as dt

import numpy as np
import pytest

from btassets.engine.signals import PRIMARY_SIGNAL
from btassets.run.tables import inputs_of
from btassets.stages.report.report_ranking import FALLBACK_SIGNAL, monthly_means, ranking_document, rolling_mean
from btassets_tests.support.small_books import document_of, every_book, run_book

N_TICKERS = 26
"""More than the least cross-section, not a multiple of five."""


def test_a_rolling_mean_begins_with_its_first_whole_window():
    found = rolling_mean(np.array([1.0, 2.0, 6.0, 0.0]), 3)
    assert np.isnan(found[:2]).all()
    assert found[2:].tolist() == pytest.approx([3.0, 8.0 / 3.0])
    assert np.isnan(rolling_mean(np.array([1.0]), 2)).all()


def test_months_are_means_of_their_weeks():
    days = [dt.date(2019, 12, 27), dt.date(2020, 1, 3), dt.date(2020, 1, 31), dt.date(2021, 1, 1)]
    numbers = np.array([(day - dt.date(1970, 1, 1)).days for day in days], np.int32)
    assert monthly_means(numbers, np.array([0.5, 0.1, -0.2, 0.25])) == [
        {"year": 2019, "month": 12, "ic": 0.5, "weeks": 1},
        {"year": 2020, "month": 1, "ic": -0.05, "weeks": 2},
        {"year": 2021, "month": 1, "ic": 0.25, "weeks": 1},
    ]
    assert monthly_means(numbers[:0], np.array([])) == []


def test_weeks_are_those_of_the_factor_study():
    book = run_book(N_TICKERS)
    found = document_of(book)["ranking"]
    rows = [
        row
        for row in book.lake.read("factor_ic_weekly", "base").to_pylist()
        if row["signal"] == found["signal"] and row["ic"] is not None
    ]
    assert found["signal"] == PRIMARY_SIGNAL
    assert found["dates"] == [row["asof_date"].isoformat() for row in rows]
    assert found["ic"] == [round(row["ic"], 4) for row in rows]
    study = next(row for row in document_of(book)["signal_eval"] if row["signal"] == found["signal"])
    assert np.mean(found["ic"]) == pytest.approx(study["mean_ic"], abs=2e-4)
    assert sum(row["weeks"] for row in found["months"]) == len(rows)
    assert found["positive_weeks_pct"] == round(100 * np.mean([row["ic"] > 0 for row in rows]), 1)


def test_fifths_grow_as_a_plain_loop_says():
    book = run_book(N_TICKERS)
    weeks: dict[tuple[int, int], list[tuple[float, float]]] = {}
    names = ("is_week", "eligible", "asof_date", PRIMARY_SIGNAL, "fwd_return_5")
    for row in book.lake.read("factor_signals", "base", list(names)).to_pylist():
        signal = row[PRIMARY_SIGNAL]
        if row["is_week"] and row["eligible"] and signal is not None and np.isfinite(signal):
            weeks.setdefault(row["asof_date"].isocalendar()[:2], []).append((signal, row["fwd_return_5"]))
    worth = np.ones(5)
    for week in sorted(weeks):
        rows = sorted(weeks[week], key=lambda pair: pair[0])
        if len(rows) < 20:
            continue
        cut = [[row for k, row in enumerate(rows) if k * 5 // len(rows) == q] for q in range(5)]
        means = [[r for _, r in own if r is not None and np.isfinite(r)] for own in cut]
        if all(means):
            worth *= [1 + np.mean(own) for own in means]
    found = document_of(book)["ranking"]["fifths"]["growth_pct"]
    assert [own[-1] for own in found] == pytest.approx((100 * (worth - 1)).tolist(), abs=0.06)


def test_a_book_without_a_benchmark_shows_plain_momentum():
    book = every_book()["one ticker, no benchmark"]
    found = ranking_document(*inputs_of("backtest_report", book))
    assert found["signal"] == FALLBACK_SIGNAL
    assert (found["dates"], found["months"], found["positive_weeks_pct"]) == ([], [], None)
