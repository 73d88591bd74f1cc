"""Two rows of an answer that lost the bytes between them are valid JSON, and no row."""

import json

import pytest

from btassets.sources.vendors.json_fields import fields_once
from btassets_tests.support import vendor_books as books
from btassets_tests.support.local_server import Answer, LocalServer, Market, Request, fake_tiingo

ROWS = '[{"date": "2021-03-24", "close": 47.06, "volume": 397549.0}, {"date": "2021-03-25", "close": 46.5}]'


def test_a_field_twice_is_refused() -> None:
    assert json.loads(ROWS, object_pairs_hook=fields_once)[1] == {"date": "2021-03-25", "close": 46.5}
    with pytest.raises(ValueError, match="twice"):
        json.loads(ROWS.replace('"volume": 397549.0}, {', ""), object_pairs_hook=fields_once)


def test_no_bar_gets_the_prices_of_another_day(tmp_path, monkeypatch) -> None:
    for name, value in books.KEYS.items():
        monkeypatch.setenv(name, value)
    market = Market(("AAPL",))
    honest = fake_tiingo(market)

    def lossy(request: Request) -> Answer:
        answer = honest(request)
        at = answer.body.find(b'"volume"')
        begin = answer.body.find(b'"open"', at)
        return Answer(answer.body[:at] + answer.body[begin:], 200, answer.headers) if at > 0 else answer

    with LocalServer(lossy) as server:
        book = books.vendor_book(tmp_path / "book", "tiingo", server.url, ("AAPL",))
        books.read(book)
        assert "JSON that is truncated or broken" in book.lake.ticker_footers("ohlcv_history")["AAPL"]["blocked"]
