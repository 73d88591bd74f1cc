"""`fills`: imported once, compared with the list that was shown, kept with the journal, and read by `today`."""

import json
import shutil

import pytest

from btassets.book.settings_file import set_in_file
from btassets.run.shown_lists import fills_log, lists_log
from btassets_tests.support.book_factory import call
from btassets_tests.support.broker_file import broker_file
from btassets_tests.support.evenings import new_book, open_evening, run_evening, write_evening

HEAD = "Date,Symbol,Side,Qty,Price,Fee\n"


@pytest.fixture(scope="module")
def evening(tmp_path_factory):
    """A book that showed a list on a Friday, and has the three sessions after it."""
    root = tmp_path_factory.mktemp("fills")
    folder = new_book(root)
    for extend in (2, 5):
        write_evening(root / "market", extend)
        run_evening(folder)
    return folder


@pytest.fixture
def book(evening, tmp_path):
    shutil.copytree(evening, tmp_path / "book")
    return tmp_path / "book"


@pytest.fixture
def setups(book):
    """Long setups of the first list, best first."""
    record = lists_log(open_evening(book)).read()[0].record
    return [row for row in record["setups"] if row["is_qualified"] and row["direction"] == "long"]


def fills(book, *words):
    answer = call("fills", "--book", book, "--format", "json", *words)
    assert answer.code == 0, answer.err
    return json.loads(answer.out), answer.err


def write(book, text):
    (book / "trades.csv").write_text(HEAD + text)
    return book / "trades.csv"


def text_of(setups):
    first, second = setups[0], setups[1]
    return (
        f"2022-01-10 10:00,{first['ticker']},buy,3,{first['entry']},1.00\n"
        f"2022-01-10 10:01,{first['ticker'].lower()},buy,2,{first['entry']},\n"
        f"2022-01-11,{second['ticker']},buy,4,{second['entry']},0.50\n"
        "2022-01-11,XYZ,buy,1,10,\n2022-01-12,XYZ,sell,1,11,\n2022-01-12,,deposit,,,\nrubbish,,,,,\n"
    )


def test_an_import_is_compared_and_repeated_without_effect(book, setups):
    found, said = fills(book, write(book, text_of(setups)))
    assert "7 of 7 rows are new (time: Date, ticker: Symbol" in said
    status = {row["ticker"]: row for row in found["setups"]}
    assert (status[setups[0]["ticker"]]["status"], status[setups[0]["ticker"]]["shares"]) == ("taken", "5")
    assert (status[setups[1]["ticker"]]["status"], status[setups[1]["ticker"]]["sessions_late"]) == ("late", 1)
    assert {status[row["ticker"]]["status"] for row in setups[2:]} == {"missed"}
    assert status["XYZ"]["status"] == "no setup"
    assert status["XYZ"]["pnl_usd"] == "1.00"
    assert {row["line"] for row in found["unmatched"]} == {7, 8}
    assert found["totals"]["difference_usd"] == "0.00"
    log = fills_log(open_evening(book))
    before = log.path.read_bytes()
    again, said = fills(book, book / "trades.csv")
    assert "0 of 7 rows are new" in said
    assert again == found
    assert log.path.read_bytes() == before == log.copy.read_bytes()
    # A longer export of the same account adds what it has more.
    write(book, text_of(setups) + f"2022-01-13,{setups[0]['ticker']},sell,5,{setups[0]['entry'] * 2},1\n")
    more, said = fills(book, book / "trades.csv")
    assert "1 of 8 rows are new" in said
    own = next(row for row in more["setups"] if row["ticker"] == setups[0]["ticker"])
    assert own["own_r"] > 0
    assert fills(book)[0] == more


def test_a_damaged_log_is_replaced_by_its_copy_and_doctor_counts_it(book, setups):
    fills(book, write(book, text_of(setups)))
    log = fills_log(open_evening(book))
    whole = log.path.read_bytes()
    log.path.write_bytes(whole.replace(b"XYZ", b"XYA"))
    found, _ = fills(book, book / "trades.csv")
    assert found["totals"]["rows"] == 7
    assert log.path.read_bytes() == whole
    assert "fills/account.jsonl 1 lines" in call("doctor", "--book", book).out
    for path in (log.path, log.copy):
        path.write_bytes(whole.replace(b"XYZ", b"XYA"))
    refused = call("fills", "--book", book)
    assert refused.code == 7
    assert "chain breaks at line 1" in refused.err


def test_today_holds_what_the_fills_bought(book, setups):
    fills(book, write(book, text_of(setups)))
    set_in_file(book / "btassets.toml", {"holdings.source": "fills", "holdings.cash": 10_000.0})
    account = json.loads(call("today", "--book", book, "--format", "json").out)["account"]
    held = {row["ticker"]: row for row in account["held"]}
    assert set(held) == {setups[0]["ticker"], setups[1]["ticker"]}
    assert held[setups[0]["ticker"]]["shares"] == 5.0
    assert held[setups[0]["ticker"]]["stop"] == pytest.approx(setups[0]["stop"], rel=0.05)
    paid = 5 * setups[0]["entry"] + 4 * setups[1]["entry"] + 1.5 - 1.0
    assert account["cash"] == pytest.approx(10_000.0 - paid, abs=0.02)


def test_other_forms_and_refusals(book, setups):
    nothing = call("fills", "--book", book)
    assert nothing.code == 2
    assert "nothing was imported yet" in nothing.err
    (book / "odd.csv").write_text("a,b,c\n1,2,3\n")
    odd = call("fills", "--book", book, book / "odd.csv")
    assert odd.code == 2
    assert "no column for time, ticker, shares, price (a, b, c); name the columns under [fills.columns]" in odd.err
    (book / "odd.csv").write_bytes(b"\xff\xfe\x00")
    assert "is not UTF-8 text" in call("fills", "--book", book, book / "odd.csv").err
    assert call("fills", "--book", book, book / "none.csv").code == 7
    table = call("fills", "--book", book, write(book, text_of(setups)))
    assert table.code == 0
    assert "1 taken, 1 late" in table.out
    assert "difference 0.00" in table.out
    assert "Without a partner" in table.out
    lines = call("fills", "--book", book, "--format", "csv").out.splitlines()
    assert lines[0].startswith("as_of,rank,ticker,status")
    set_in_file(book / "btassets.toml", {"fills.columns.price": "Kurs"})
    assert "no column for price" in call("fills", "--book", book, book / "trades.csv").err


def test_two_hundred_fills_of_a_broker_are_reconciled_to_the_cent(book):
    made = broker_file(200)
    (book / "trades.csv").write_text(made.text())
    found, said = fills(book, book / "trades.csv")
    assert f"{len(made.rows)} of {len(made.rows)} rows are new (time: Trade Time, ticker: Symbol" in said
    assert "1 line above the column names not read (first: Account activity" in said
    sums = found["totals"]
    assert sums["fills"] >= 200
    assert sums["orders"] < sums["fills"]
    assert (sums["cash_usd"], sums["difference_usd"]) == (str(made.cash), "0.00")
    assert (sums["other_rows"], sums["unread_rows"], sums["splits"]) == (2, 1, 1)
    assert len(found["unmatched"]) == made.unmatched
    assert {row["status"] for row in found["setups"]} == {"no setup"}
    assert len(found["setups"]) == sums["trades"] == len(made.trades)
    # The same rows in another order, in two files that overlap, add nothing.
    order = list(range(len(made.rows)))
    for part in (order[::-1], order[:150], order[100:]):
        (book / "part.csv").write_text(made.text(part))
        again, said = fills(book, book / "part.csv")
        assert f"0 of {len(part)} rows are new" in said
        assert again["totals"] == sums
