"""The ticker name of the benchmark in the settings.

Belongs here: the name alone, for code without a source. Does not belong here: reading the benchmark
(`sources.files.bar_folder`).
"""

import re
from pathlib import PurePath

from btassets.settings.models import Settings
from btassets.sources.files.bar_suffix import bar_suffix
from btassets.sources.universe.ticker_names import canonical_ticker, ticker_of_stem

NO_BENCHMARK = "none"
"""Value of setting `benchmark` that compares with nothing."""


def benchmark_ticker(settings: Settings) -> str:
    """Ticker name of the benchmark, or of its file in the source; not a ticker of the universe."""
    name = PurePath(settings.benchmark).name
    suffix = bar_suffix(name)
    if suffix is None:
        return canonical_ticker(settings.benchmark)
    stem = name.removesuffix(suffix)
    pattern = settings.source.ticker_pattern
    found = re.search(pattern, stem) if pattern else None
    return ticker_of_stem(stem if found is None or not found.groups() else found[1])
