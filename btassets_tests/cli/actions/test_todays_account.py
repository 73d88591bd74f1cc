"""`today` with an account: levels as shown, exits that are due, orders of the session after a signal day."""

import csv
import json
import math
import shutil

import pytest

from btassets.book.settings_file import set_in_file
from btassets.engine.portfolio.sizing import size
from btassets.run.shown_lists import lists_log
from btassets_tests.support.book_factory import call
from btassets_tests.support.evenings import new_book, open_evening, run_evening, write_evening


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A book that showed a list on a Wednesday, and one on the Friday after it."""
    root = tmp_path_factory.mktemp("account")
    folder = new_book(root)
    run_evening(folder)
    write_evening(root / "market", 2)
    run_evening(folder)
    return folder


@pytest.fixture
def holding(folder):
    """Write holdings and turn them on; off again afterwards."""

    def write(text, **settings):
        (folder / "holdings.csv").write_text(text)
        set_in_file(folder / "btassets.toml", {"holdings.source": "file", **settings})
        return folder

    yield write
    set_in_file(folder / "btassets.toml", {"holdings.source": "none", "holdings.cash": 0.0})


def today(folder, *words):
    answer = call("today", "--book", folder, "--format", "json", *words)
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


def test_without_an_account_nothing_changes_and_its_options_are_refused(folder, tmp_path):
    assert "account" not in today(folder)
    for words in (("--orders", tmp_path / "o.csv"), ("--cash", 5)):
        refused = call("today", "--book", folder, *words)
        assert refused.code == 2
        assert "the book has no account" in refused.err
    assert not (tmp_path / "o.csv").exists()


def test_orders_of_a_signal_day(holding, tmp_path):
    folder = holding("ticker,shares,opened\n", **{"holdings.cash": 20_000.0})
    found = today(folder, "--orders", tmp_path / "o.csv")
    assert found["is_signal_day"] is True
    with (tmp_path / "o.csv").open() as file:
        rows = list(csv.DictReader(file))
    longs = [row for row in found["qualified"] if row["direction"] == "long"]
    assert [row["ticker"] for row in rows] == [row["ticker"] for row in longs][: len(rows)]
    assert rows
    assert {(row["action"], row["type"], row["as_of"]) for row in rows} == {("BUY", "MARKET_ON_OPEN", "2022-01-07")}
    first, shown_levels = rows[0], longs[0]
    assert int(first["shares"]) == math.floor(
        size(shown_levels["entry"], float(first["stop"]), 20_000.0, found["risk_frac"], found["cap_frac"]) + 0.01
    )
    assert found["capital"] == 20_000.0
    account = found["account"]
    assert account["equity"] == account["cash"] == 20_000.0
    assert today(folder, "--cash", 500)["account"]["equity"] == 500.0


def test_levels_come_from_the_list_that_was_shown(holding):
    (first, _) = [link.record for link in lists_log(open_evening(holding("ticker,shares\n"))).read()]
    setup = next(row for row in first["setups"] if row["is_qualified"] and row["direction"] == "long")
    text = f"ticker,shares,opened\n{setup['ticker'].lower()},7,2022-01-06\nSYN0001X,1,\n"
    account = today(holding(text))["account"]
    own = account["held"][0]
    assert (own["ticker"], own["shares"]) == (setup["ticker"], 7.0)
    assert own["stop"] == pytest.approx(setup["stop"], rel=0.05)
    assert own["sessions"] == 2
    assert any("levels as shown on 2022-01-05" in note for note in account["notes"])
    assert any("SYN0001X: no bars" in note for note in account["notes"])
    assert account["slots_free"] == account["slots"] - 2
    others = [row["why"] for row in account["not_taken"] if row["ticker"] == setup["ticker"]]
    assert set(others) <= {"held already"}


def test_exits_that_are_due_are_sold_first(holding, tmp_path):
    # A stop above every price was hit on the day of opening.
    text = "ticker,shares,opened,stop\nSYN0002,2.5,2022-01-06,100000\nSYN0004,1,2021-06-01,0.01\n"
    folder = holding(text, **{"holdings.cash": 1_000.0})
    table = call("today", "--book", folder, "--orders", tmp_path / "o.csv")
    assert table.code == 0, table.err
    assert "stop on 2022-01-06" in table.out
    assert "2 exits due" in table.out
    rows = list(csv.DictReader((tmp_path / "o.csv").open()))
    assert [(row["action"], row["ticker"], row["shares"], row["type"]) for row in rows[:2]] == [
        ("SELL", "SYN0002", "2.5", "MARKET_ON_OPEN"),
        ("SELL", "SYN0004", "1", "MARKET_ON_OPEN"),
    ]
    assert rows[1]["reason"].startswith("time on ")


def test_a_list_of_the_past_is_not_bought(folder, tmp_path):
    shutil.copytree(folder.parent, tmp_path / "own")
    own, market = tmp_path / "own" / "book", tmp_path / "own" / "market"
    (own / "holdings.csv").write_text("ticker,shares\n")
    account_settings = {"holdings.source": "file", "holdings.cash": 9_000.0}
    source = {"source.path": str(market / "bars"), "benchmark": str(market / "SPY.parquet")}
    set_in_file(own / "btassets.toml", account_settings | source)
    on_the_day = today(own, "--signal-day")["account"]  # the signal day is T
    assert [row for row in on_the_day["orders"] if row["action"] == "BUY"]
    write_evening(market, 3)
    run_evening(own)
    old = today(own, "--signal-day")["account"]
    assert {row["why"] for row in old["not_taken"]} == {"the session after that signal day has begun"}
    preview = today(own)["account"]
    reasons = {row["why"] for row in preview["not_taken"]}
    assert reasons <= {"preview: the tests buy after the last session of a week only"}
    assert preview["orders"] == []
