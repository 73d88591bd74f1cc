"""What a vendor's source takes from the settings: tickers, key, address and pace."""

from pathlib import Path

import pytest

from btassets.errors import CredentialsError
from btassets.settings.models import Settings, Universe
from btassets.settings.source_settings import Source
from btassets.sources.vendors.vendor_settings import environment_key, named_tickers_of, session_of


def test_tickers_are_those_named_and_the_benchmark_that_is_no_file(tmp_path: Path) -> None:
    universe = Universe(tickers=("BRK-B", "AAPL"))
    assert named_tickers_of(Settings(universe=universe, benchmark="SPY"), tmp_path) == ["BRK.B", "AAPL", "SPY"]
    assert named_tickers_of(Settings(universe=universe, benchmark="none"), tmp_path) == ["BRK.B", "AAPL"]
    (tmp_path / "spy.csv").write_text("")
    assert named_tickers_of(Settings(universe=universe, benchmark="spy.csv"), tmp_path) == ["BRK.B", "AAPL"]
    assert named_tickers_of(Settings(benchmark="SPY"), tmp_path) == []


def test_tickers_of_a_membership_file_count_when_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "members.csv").write_text("ticker,start,end\nABC,2020-01-02,\n")
    universe = Universe(membership="members.csv")
    assert named_tickers_of(Settings(universe=universe, benchmark="none"), tmp_path) == ["ABC"]
    named = Universe(membership="members.csv", tickers=("XYZ",))
    assert named_tickers_of(Settings(universe=named, benchmark="none"), tmp_path) == ["XYZ"]


@pytest.mark.parametrize("value", ["", "  ", "two words", "caf\u00e9", "a\tb"])
def test_a_key_that_is_none_is_refused_without_its_value(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", value)
    with pytest.raises(CredentialsError, match="SOME_KEY") as caught:
        environment_key("tiingo", "SOME_KEY")
    assert not value.strip() or value not in str(caught.value)


def test_the_first_variable_that_is_set_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FIRST_KEY", raising=False)
    monkeypatch.setenv("SECOND_KEY", " abc123 ")
    assert environment_key("massive", "FIRST_KEY", "SECOND_KEY") == "abc123"


def test_settings_replace_the_vendors_address_and_pace() -> None:
    plain = session_of(Settings(source=Source(kind="tiingo")), "https://vendor.test", {}, calls_per_minute=60.0)
    own = Source(kind="tiingo", base_url="http://localhost:1", calls_per_minute=6.0)
    ours = session_of(Settings(source=own), "https://vendor.test", {}, calls_per_minute=60.0)
    assert [s.base_url for s in (plain, ours)] == ["https://vendor.test/", "http://localhost:1/"]
    assert [s._bucket._rate for s in (plain, ours)] == [1.0, 0.1]
