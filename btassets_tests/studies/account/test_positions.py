"""The file of holdings: read under any spelling, refused with line and value."""

import pytest

from btassets.book.book import open_book
from btassets.errors import SettingError
from btassets.sources.values.tickers import TickerNames
from btassets.studies.account.positions import read_holdings
from btassets_tests.support.book_factory import make_book


def holdings(tmp_path, text, **settings):
    folder = make_book(tmp_path / "book", tmp_path, **settings)
    (folder / "holdings.csv").write_text(text)
    return read_holdings(open_book(folder, environ={}), TickerNames(["BRK.B", "AAPL"]))


def test_spellings_numbers_and_dates(tmp_path):
    text = '\ufeffTicker,Shares,Entry,Opened,Stop\nbrk-b,"1,200",$410.50,2025-01-02,\n\nAAPL,-3.5,,,\nZZZ,1,,,\n'
    account = holdings(tmp_path, text)
    a, b, c = account.positions
    assert account.notes == ()
    assert (a.ticker, a.shares, a.entry, str(a.opened), a.stop) == ("BRK.B", 1200.0, 410.5, "2025-01-02", None)
    assert (b.ticker, b.shares, b.opened) == ("AAPL", -3.5, None)
    assert (c.ticker, c.note) == ("ZZZ", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ticker,number\nAAPL,1\n", "no column shares in its first line (ticker, number)"),
        ("", "no column ticker and no column shares"),
        ("ticker,shares\nAAPL,many\n", "line 2: shares is 'many'; it must be a number"),
        ("ticker,shares\nAAPL,0\n", "line 2: shares of AAPL are empty or 0"),
        ("ticker,shares\n,3\n", "line 2: the ticker is empty"),
        ("ticker,shares\nBRK.B,1\nBRK/B,2\n", "line 3: BRK.B is in a line above"),
        ("ticker,shares,stop\nAAPL,1,-2\n", "stop of AAPL is -2; a price is above 0"),
        ("ticker,shares,opened\nAAPL,1,31/31/2025\n", "line 2: "),
    ],
)
def test_lines_that_are_no_positions(tmp_path, text, said):
    with pytest.raises(SettingError) as refused:
        holdings(tmp_path, text)
    assert said in str(refused.value)
    assert refused.value.key == "holdings.file"


def test_a_missing_file_names_the_setting(tmp_path):
    folder = make_book(tmp_path / "book", tmp_path, holdings__file="none.csv")
    with pytest.raises(SettingError, match="no such file"):
        read_holdings(open_book(folder, environ={}), TickerNames([]))


def test_a_column_that_is_not_read_is_named(tmp_path):
    account = holdings(tmp_path, "ticker,shares,entry_price,opened\nAAPL,1,100,2025-01-02\n")
    assert account.positions[0].entry is None
    (note,) = account.notes
    assert "columns not read: entry_price; those read are ticker, shares, entry, opened, stop, target" in note
