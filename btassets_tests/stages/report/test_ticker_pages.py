"""Pages of single tickers: which tickers have one, and what each shows against the tables."""

import pyarrow.compute as pc
import pytest

from btassets.run.tables import inputs_of
from btassets.settings.models import Settings
from btassets.stages.bars.bars_view import read_bars
from btassets.stages.report.report_document import report_document
from btassets.stages.report.ticker_pages import MAX_SETUPS, page_paths, ticker_documents
from btassets_tests.support.small_books import document_of, folder_of, run_book


@pytest.fixture(scope="module")
def made():
    book = run_book()
    tables, settings = inputs_of("backtest_report", book)
    report = report_document(tables, settings)
    return book, tables, settings, report


def test_todays_setups_and_traded_tickers_have_a_page(made) -> None:
    book, _, _, report = made
    pages = document_of(book)["ticker_pages"]
    today = report["todays_setups"]
    trades = report["trades"][report["main_policy"]]
    wanted = {r["ticker"] for r in (*today["qualified"], *today["nearest_misses"], *trades["best"], *trades["worst"])}
    assert set(pages) == wanted
    assert wanted
    for path in pages.values():
        assert (folder_of(book) / path).stat().st_size < 120_000
    assert sorted(p.name for p in (folder_of(book) / "tickers").glob("*.html")) == sorted(p[8:] for p in pages.values())


def test_asked_for_tickers_come_before_those_of_trades_and_the_limit_holds(made) -> None:
    _, tables, settings, report = made
    known = list(tables.bucketed("ohlcv_history").footers())
    today = {r["ticker"] for r in (*report["todays_setups"]["qualified"], *report["todays_setups"]["nearest_misses"])}
    other = next(ticker for ticker in known if ticker not in today)

    def rules(**changes: object) -> Settings:
        return settings.model_copy(update={"report": settings.report.model_copy(update=changes)})

    asked = rules(tickers=(f" {other} ", "NOBARS"))
    assert other in page_paths(report, asked, known)
    assert "NOBARS" not in page_paths(report, asked, known)
    for most in (0, 1, 3):
        assert len(page_paths(report, rules(max_ticker_pages=most), known)) == min(
            most, len(page_paths(report, settings, known))
        )


def test_a_document_has_the_numbers_of_the_tables(made) -> None:
    _, tables, settings, report = made
    tickers = list(report["ticker_pages"])
    documents = ticker_documents(tables, settings, report, tickers)
    assert list(documents) == tickers
    bars = read_bars(tables, settings, tickers)
    graded, trades = tables["graded_setups"].read(), tables["trades"].read()
    n_trades = 0
    for ticker, document in documents.items():
        assert document["prices"]["close"] == [round(v, 2 if v >= 1 else 4) for v in bars[ticker].close.tolist()]
        assert len(document["prices"]["dates"]) == bars[ticker].n_bars
        assert document["prices"]["high"] == [round(v, 2 if v >= 1 else 4) for v in bars[ticker].high[-252:].tolist()]
        own = graded.filter(pc.equal(graded["ticker"], ticker))
        assert document["n_setups"] == own.num_rows
        assert len(document["setups"]) == min(own.num_rows, MAX_SETUPS)
        days = [row["asof_date"] for row in document["setups"]]
        assert days == sorted(days, reverse=True)
        mine = pc.and_(pc.equal(trades["ticker"], ticker), pc.equal(trades["policy"], report["main_policy"]))
        assert len(document["trades"]) == trades.filter(mine).num_rows
        n_trades += len(document["trades"])
        assert all(0 <= row["percentile"] <= 100 for row in document["ranks"])
        assert len({row["date"] for row in document["ranks"]}) == len(document["ranks"])
    assert n_trades > 0


def test_a_page_does_not_look_ahead_of_the_as_of_date(made) -> None:
    _, tables, settings, report = made
    for document in ticker_documents(tables, settings, report, list(report["ticker_pages"])).values():
        days = [document["prices"]["dates"][-1], *(row["date"] for row in document["ranks"])]
        days += [row["exit_date"] for row in document["trades"]]
        assert max(days) <= report["as_of"]
