"""Columns of broker files: usual names, names of the settings, lines above the head."""

import pytest

from btassets.sources.files.fill_columns import NoFillsError, read_fill_table


@pytest.mark.parametrize(
    "head",
    [
        "Date,Symbol,Side,Quantity,Price,Fee",
        "Trade Date;Ticker;Buy/Sell;Shares;T. Price;Comm/Fee",
        "Run Date\tSymbol\tAction\tQuantity\tPrice\tCommission",
        '"DateTime","Symbol","Buy/Sell","Quantity","TradePrice","IBCommission"',
    ],
)
def test_usual_names(head):
    found = read_fill_table(f"My broker\n\n{head}\n", {})
    assert set(found.columns) == {"time", "ticker", "side", "shares", "price", "fee"}
    assert found.skipped == ("My broker",)


def test_the_settings_come_first():
    text = "Date,When,Symbol,Quantity,Price\nx,2025-01-02,A,1,2\n\n,,\n"
    found = read_fill_table(text, {"time": "when"})
    assert found.columns["time"] == "When"
    ((line, cells, raw),) = found.rows
    assert (line, cells["time"], raw) == (2, "2025-01-02", ("x", "2025-01-02", "A", "1", "2"))


@pytest.mark.parametrize(
    ("text", "named", "said"),
    [
        ("", {}, "empty"),
        ("hello\n", {}, "no line of column names"),
        ("Date,Symbol,Quantity\n", {}, "no column for price"),
        ("Date,Symbol,Quantity,Price\n", {"price": "Kurs"}, "no column for price"),
    ],
)
def test_a_file_without_fills(text, named, said):
    with pytest.raises(NoFillsError, match=said):
        read_fill_table(text, named)
