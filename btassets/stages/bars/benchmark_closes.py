"""Stage `benchmark_closes`: opens and closes of the benchmark.

Belongs here: reading the named benchmark, in the stocks' price basis, and refusing one that does not cover the tickers'
sessions. Does not belong here: returns over it (replay, portfolio).
"""

from pathlib import PurePath

import pyarrow as pa

from btassets.engine.market.adjustment import adjusted_bars
from btassets.engine.market.quality import screen_bars
from btassets.engine.market.quality_rules import Override
from btassets.engine.market.quality_sessions import screen_benchmark
from btassets.errors import BenchmarkError
from btassets.graph.bars import BENCHMARK_CLOSES
from btassets.run.stage_result import StageResult
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.sources.universe.benchmark_name import NO_BENCHMARK
from btassets.sources.universe.ticker_names import canonical_ticker
from btassets.stages.bars.quality_settings import overrides_of, quality_rules
from btassets.stages.bars.sessions_view import read_sessions


def compute(tables: Tables, settings: Settings) -> StageResult:
    """Table `benchmark_closes`; empty when the benchmark is `none`.

    The legacy profile reports without a benchmark: a missing one is a warning there and the table is empty.

    Raises
    ------
    BenchmarkError
        If it is named but missing or unreadable, or lacks more than the allowed share of the tickers' sessions.
    """
    if settings.benchmark == NO_BENCHMARK:
        return _without([])
    try:
        return _read(tables, settings)
    except BenchmarkError as error:
        if settings.profile != "legacy":
            raise
        return _without([f"{error} The legacy profile continues without it."])


def _without(warnings: list[str]) -> StageResult:
    numbers = {"benchmark": NO_BENCHMARK, "sessions_missing": None}
    return StageResult({"benchmark_closes": BENCHMARK_CLOSES.schema.empty_table()}, numbers, {"warnings": warnings})


def _read(tables: Tables, settings: Settings) -> StageResult:
    name = settings.benchmark
    given = tables.outside("benchmark")
    rules = quality_rules(settings)
    looked_at = overrides_of(settings, canonical_ticker(PurePath(name).name.split(".")[0]))
    overrides = [Override(name, one.rule, one.reason) for one in looked_at]
    screened = screen_bars(name, given.bars, rules, basis=given.basis, overrides=overrides)
    if screened.bars is None:
        raise BenchmarkError(name, next(p.text for p in screened.problems if p.severity == "block").rstrip("."))
    bars = adjusted_bars(screened.bars, given.basis, settings.basis)
    sessions = read_sessions(tables)
    gaps = screen_benchmark(name, bars.dates, sessions.days, rules)
    if any(gap.severity == "block" for gap in gaps):
        raise BenchmarkError(name, gaps[0].text.rstrip("."))
    table = pa.table(
        [pa.array(bars.dates, pa.date32()), pa.array(bars.open), pa.array(bars.close)],
        schema=BENCHMARK_CLOSES.schema,
    )
    numbers = {"benchmark": name, "sessions_missing": sum(gap.n for gap in gaps)}
    facts = {"warnings": [p.text for p in (*screened.problems, *gaps)]}
    return StageResult({"benchmark_closes": table}, numbers, facts)
