"""Known tickers under every spelling of theirs."""

import pytest

from btassets.sources.values.tickers import TickerNames, read_ticker
from btassets.sources.values.unreadable import UnreadableValueError

KNOWN = TickerNames(["BRK.B", "HCAC.U", "M&M.NS", "NOVO-B.CO", "BTC-USD", "NAN", "0700.HK"])


@pytest.mark.parametrize(
    ("spelled", "meant"),
    [
        *((name, "BRK.B") for name in ("BRK.B", "BRK-B", "BRK/B", "brk.b", " brk-b ", "BRK B", "Brk/b")),
        *((name, "HCAC.U") for name in ("HCAC-U", "HCAC/U", "hcac.u")),
        *((name, "NOVO-B.CO") for name in ("NOVO-B.CO", "NOVO/B.CO", "novo.b.co", "NOVO B.CO")),
        ("m&m.ns", "M&M.NS"),
        ("nan", "NAN"),
        ("btc-usd", "BTC-USD"),
        ("BRK.A", None),
        ("BTCUSD", None),
        ("", None),
    ],
)
def test_one_ticker_under_its_spellings(spelled: str, meant: str | None) -> None:
    assert KNOWN.find(spelled) == meant


def test_an_ambiguous_or_unknown_name_stays_what_it_is() -> None:
    names = TickerNames(["A.B", "a.b"])
    assert (names.find("A.B"), names.find("a-b"), names.find("A/b")) == ("A.B", "a.b", None)
    assert names.or_canonical("X-Y") == "X.Y"
    assert KNOWN.near("BRKB") == "BRK.B"


@pytest.mark.parametrize("value", [True, 700, 1.5])
def test_a_number_is_no_ticker(value: object) -> None:
    with pytest.raises(UnreadableValueError, match="write it as text"):
        read_ticker(value)
    assert (read_ticker(None), read_ticker("TRUE")) == ("", "TRUE")
