"""The page of one ticker from a hand-made document."""

import re

from btassets.render.ticker_page import ticker_page

DAYS = ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05"]
TRADE = {
    "asof_date": "2024-01-02",
    "entry_date": "2024-01-03",
    "exit_date": "2024-01-05",
    "entry_price": 10.5,
    "exit_price": 12.0,
    "shares": 3.0,
    "pnl_usd": 4.5,
    "gross_r": 1.6,
    "net_r": 1.5,
    "hold_days": 2,
    "reason": "target",
}


def document(**changes):
    made = {
        "ticker": "A&B",
        "as_of": "2024-01-05",
        "book": "mine",
        "basis": "total",
        "prices": {
            "dates": DAYS,
            "close": [10.0, 10.5, 11.0, 12.0],
            "high": [10.2, 10.7, 11.2, 12.2],
            "low": [9.8, 10.3, 10.8, 11.8],
            "return_pct": 9.1,
            "return_year_pct": None,
        },
        "ranks": [{"date": "2023-12-29", "percentile": 81.0}, {"date": "2024-01-05", "percentile": 92.5}],
        "today": None,
        "is_qualified": False,
        "policy": "hold",
        "trades": [TRADE],
        "setups": [],
        "n_setups": 0,
        "findings": [],
    }
    return made | changes


def test_it_is_one_safe_file_that_loads_nothing() -> None:
    text = ticker_page(document(ticker='<b onload="x">'))
    assert "<b onload" not in text
    assert "&lt;b onload" in text
    assert not re.search(r'(src|href)="(https?:|//)', text)
    assert 'href="../report.html"' in text


def test_a_trade_is_drawn_with_its_numbers() -> None:
    text = ticker_page(document())
    assert "2024-01-03 to 2024-01-05: 10.50 to 12.00, +1.50R, target" in text
    assert text.count('class="trade gain"') == 1
    assert 'class="trade loss"' in ticker_page(document(trades=[TRADE | {"net_r": -1.0}]))


def test_a_setup_of_today_has_its_levels() -> None:
    setup = {"direction": "long", "entry": 12.0, "stop": 11.0, "target": 14.0, "failed_floors": []}
    text = ticker_page(document(today=setup, is_qualified=True))
    assert "Qualifies today: long, entry 12.00, stop 11.00, target 14.00." in text
    for words in ("target <b>14.00</b>", "entry <b>12.00</b>", "stop <b>11.00</b>"):
        assert words in text
    assert "Targets of today" not in text
    target = {"price": 14.0, "rr": 2.0, "probability_pct": 30.2, "classification": "moderate", "is_primary": True}
    text = ticker_page(document(today=setup | {"targets": [target]}, is_qualified=True))
    assert "Targets of today&#x27;s setup, nearest first" in text
    assert "<td>moderate</td>" in text
    near = ticker_page(document(today=setup | {"failed_floors": ["rr_ok", "ev_ok"]}))
    assert "it fails rr_ok, ev_ok" in near


def test_nothing_is_made_up_where_nothing_is_known() -> None:
    bare = document(trades=[], ranks=[], prices={**document()["prices"], "dates": DAYS[:1], "close": [10.0],
                                                 "high": [10.2], "low": [9.8], "return_pct": None})  # fmt: skip
    text = ticker_page(bare)
    assert "The portfolio never held it." in text
    assert "ranked in fewer than two weeks" in text
    body = text[text.index("<main>") : text.index("</main>")]
    assert not re.search(r"\b(nan|none|null|inf)\b", re.sub(r"<[^>]+>", " ", body), re.IGNORECASE)
