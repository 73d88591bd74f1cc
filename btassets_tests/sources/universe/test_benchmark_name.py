"""The benchmark's own name: a ticker, or the stem of its file by the pattern of the source."""

import pytest

from btassets.settings.models import Settings
from btassets.sources.universe.benchmark_name import benchmark_ticker


@pytest.mark.parametrize(
    ("benchmark", "pattern", "ticker"),
    [
        ("SPY", "", "SPY"),
        ("BRK-B", "", "BRK.B"),
        ("spy.csv", "", "spy"),
        ("../market/SPY.parquet", "", "SPY"),
        ("bars/%43ON.csv.gz", "", "CON"),
        ("x/DA-SPY-T-2021.csv", r"^DA-(.+)-T-", "SPY"),
        ("x/SPY.csv", r"^DA-(.+)-T-", "SPY"),  # a file outside the source's naming: its whole stem
        ("DA-SPY", r"^DA-(.+)", "DA-SPY"),  # a ticker, no file: no pattern applies
    ],
)
def test_name_of_the_benchmark(benchmark, pattern, ticker):
    settings = Settings.model_validate({"benchmark": benchmark, "source": {"ticker_pattern": pattern}})
    assert benchmark_ticker(settings) == ticker
