"""Stage `benchmark_closes`: opens and closes of the benchmark.

Belongs here: reading the named benchmark, in the stocks' price basis, and refusing one that does not cover the tickers'
sessions. Does not belong here: returns over it (replay, portfolio).
"""

from dataclasses import replace

import numpy as np
import pyarrow as pa

from btassets.engine.market.adjustment import adjusted_bars
from btassets.engine.market.basis_evidence import evidence_of
from btassets.engine.market.quality import screen_bars
from btassets.engine.market.quality_rules import Override
from btassets.engine.market.quality_sessions import screen_benchmark
from btassets.engine.market.raw_bars import Basis, Problem, RawBars
from btassets.engine.market.source_look import dividend_look
from btassets.errors import BenchmarkError
from btassets.graph.bars import BENCHMARK_CLOSES
from btassets.run.stage_result import StageResult
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.sources.universe.benchmark_name import NO_BENCHMARK, benchmark_ticker
from btassets.stages.bars.quality_settings import overrides_of, quality_rules
from btassets.stages.bars.sessions_view import first_used, read_sessions

_MIN_BARS_WITHOUT_DIVIDEND = 300
"""Every fund that pays has paid within so many sessions."""


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


def _of_basis(settings: Settings, bars: RawBars, basis: Basis) -> list[Problem]:
    """Say that the benchmark's prices are on another basis than the stocks' (Q25)."""
    name, drop = benchmark_ticker(settings), evidence_of(bars).drop
    looks = dividend_look(drop, basis)
    found = [replace(look, ticker=name, text=f"benchmark {name}: {look.text}") for look in looks]
    is_known = settings.source.columns.dividend is not None or settings.source.kind not in ("files", "sql", "demo")
    is_known &= not any(note.rule == "Q25" for note in bars.notes)  # said already
    if is_known and not drop.n and len(bars) > _MIN_BARS_WITHOUT_DIVIDEND:
        text = (
            f"benchmark {name}: no dividend in {len(bars)} bars; beside stocks with their dividends a price index "
            "falls behind by what it pays; give a fund or a total return index."
        )
        found.append(Problem(name, "Q25", "info", None, 1, text))
    return found


def _read(tables: Tables, settings: Settings) -> StageResult:
    name = settings.benchmark
    given = tables.outside("benchmark")
    rules = quality_rules(settings)
    looked_at = overrides_of(settings, benchmark_ticker(settings))
    overrides = [Override(name, one.rule, one.reason) for one in looked_at]
    screened = screen_bars(name, given.bars, rules, basis=given.basis, overrides=overrides)
    if screened.bars is None:
        raise BenchmarkError(name, next(p.text for p in screened.problems if p.severity == "block").rstrip("."))
    bars = adjusted_bars(screened.bars, given.basis, settings.basis)
    sessions = read_sessions(tables)
    gaps = screen_benchmark(name, bars.dates, sessions.days, rules)
    if any(gap.severity == "block" for gap in gaps):
        raise BenchmarkError(name, gaps[0].text.rstrip("."))
    first = first_used(tables)
    if first is not None:
        kept = int(np.searchsorted(bars.dates, first))
        bars = bars.between(kept, bars.n_bars)
    table = pa.table(
        [pa.array(bars.dates, pa.date32()), pa.array(bars.open), pa.array(bars.close)],
        schema=BENCHMARK_CLOSES.schema,
    )
    numbers = {"benchmark": name, "sessions_missing": sum(gap.n for gap in gaps)}
    found = [*_of_basis(settings, given.bars, given.basis), *screened.problems, *gaps]
    needs_actions = given.basis != "total" and settings.basis != "raw"
    harmful = [p.text for p in found if p.rule == "Q25" and (needs_actions or p.severity != "info")]
    facts = {"warnings": [*harmful, *(p.text for p in found if p.rule != "Q25")], "harmful": harmful}
    return StageResult({"benchmark_closes": table}, numbers, facts)
