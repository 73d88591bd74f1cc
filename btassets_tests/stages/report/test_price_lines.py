"""Closes beside today's setups and trades: the right days, and none where a ticker has no page."""

from btassets.stages.report.price_lines import N_BESIDE, N_SESSIONS, add_price_lines
from btassets_tests.support.small_books import document_of, run_book

DAYS = [f"2025-{1 + k // 28:02d}-{1 + k % 28:02d}" for k in range(150)]
PAGES = {"AAA": {"prices": {"dates": DAYS, "close": [float(k) for k in range(150)]}}}


def test_a_setup_shows_a_quarter_up_to_its_day_and_a_trade_ten_sessions_on_both_sides() -> None:
    report = {
        "todays_setups": {"as_of": DAYS[100], "qualified": [{"ticker": "AAA"}, {"ticker": "BBB"}]},
        "main_policy": "hold",
        "trades": {
            "hold": {
                "best": [{"ticker": "AAA", "entry_date": DAYS[40], "exit_date": DAYS[50]}],
                "worst": [{"ticker": "AAA", "entry_date": DAYS[3], "exit_date": DAYS[145]}],
            }
        },
    }
    add_price_lines(report, PAGES)  # type: ignore[arg-type]
    first, second = report["todays_setups"]["qualified"]
    assert first["closes"] == [float(k) for k in range(101 - N_SESSIONS, 101)]
    assert "closes" not in second
    assert report["trades"]["hold"]["best"][0]["closes"] == [float(k) for k in range(40 - N_BESIDE, 50 + N_BESIDE + 1)]
    assert report["trades"]["hold"]["worst"][0]["closes"] == [float(k) for k in range(150)]


def test_a_book_without_a_portfolio_has_none() -> None:
    add_price_lines({"todays_setups": {"as_of": None, "qualified": []}, "main_policy": None, "trades": {}}, {})  # type: ignore[arg-type]


def test_the_report_of_a_book_has_them() -> None:
    own = document_of(run_book())
    rows = own["trades"][own["main_policy"]]["best"]
    assert all(len(row["closes"]) > N_BESIDE for row in rows if row["ticker"] in own["ticker_pages"])
