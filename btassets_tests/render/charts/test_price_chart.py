"""Prices with levels and trades: places against hand-worked shares."""

import re

from btassets.render.charts.price_chart import Level, price_chart

PRICES = {"dates": ["2024-01-01", "2024-01-02", "2024-01-05"], "close": [10.0, 20.0, 15.0],
          "high": [11.0, 21.0, 16.0], "low": [9.0, 19.0, 14.0]}  # fmt: skip
TRADE = {"entry_date": "2024-01-02", "exit_date": "2024-01-05", "entry_price": 20.0, "exit_price": 15.0,
         "net_r": -1.0, "reason": "stop"}  # fmt: skip


def test_a_trade_runs_from_its_entry_to_its_exit() -> None:
    text = price_chart("p", "t", "d", PRICES, trades=[TRADE])
    found = re.search(r'class="trade loss" x1="([\d.]+)%" y1="[\d.]+" x2="([\d.]+)%"', text)
    assert found is not None
    assert (float(found[1]), float(found[2])) == (25.0, 100.0)  # one of four days, all of them


def test_a_date_without_a_bar_lies_at_the_bar_before() -> None:
    text = price_chart("p", "t", "d", PRICES, trades=[TRADE | {"entry_date": "2024-01-03"}])
    assert 'class="trade loss" x1="25%"' in text


def test_trades_outside_the_dates_are_left_out() -> None:
    assert "trade" not in price_chart("p", "t", "d", PRICES, trades=[TRADE | {"exit_date": "2024-02-01"}])


def test_levels_widen_the_axis_and_are_labelled() -> None:
    text = price_chart("p", "t", "d", PRICES, levels=[Level("gain", "target", 40.0)], has_range=True)
    found = re.search(r'class="level gain" x1="0%" y1="([\d.]+)"', text)
    assert found is not None
    assert 0 < float(found[1]) < 30  # near the top
    assert "target" not in text  # the label is in the legend: on the plot it would lie over the curve
    prices = re.findall(r"<text ([^>]*)>[\d.]+</text>", text)
    assert len(prices) > 2
    assert all('text-anchor="end" dx="-8"' in attributes for attributes in prices)  # in the margin left of the plot
    assert text.count("V") == 3  # a range for each session


def test_one_price_is_no_line() -> None:
    text = price_chart("p", "t", "d", {key: values[:1] for key, values in PRICES.items()})
    assert "<path" not in text
