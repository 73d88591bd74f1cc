"""The ticker that the benchmark of the settings has.

Belongs here: the name alone, for whoever needs no source. Does not belong here: reading the benchmark
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
    """Ticker that the benchmark has, or would have as a file of the source: it is no ticker of the universe."""
    name = PurePath(settings.benchmark).name
    suffix = bar_suffix(name)
    if suffix is None:
        return canonical_ticker(settings.benchmark)
    stem = name.removesuffix(suffix)
    pattern = settings.source.ticker_pattern
    found = re.search(pattern, stem) if pattern else None
    return ticker_of_stem(stem if found is None or not found.groups() else found[1])
