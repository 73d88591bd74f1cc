"""One synthetic market with a known truth, through the engine: what the statistics are tried on.

The whole standard chain for one seed without any file: bars, replay, percentiles, gate, and the weekly
rank ICs of every signal. About 0.5 CPU s for 80 tickers x 1,260 bars.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from btassets.engine.cross_section.rank_ic import WeeklyIc, weekly_rank_ic
from btassets.engine.days import week_mondays
from btassets.engine.market.adjustment import adjusted_bars, adjustment_factors
from btassets.engine.market.calendar import asof_grid, completed_week_sessions
from btassets.engine.replay.candidate_columns import ACTIONS
from btassets.engine.replay.grading import AlignedBars
from btassets.engine.replay.replay_layout import AsofGrid, RawArrays
from btassets.engine.replay.replay_rules import ReplayRules
from btassets.engine.replay.ticker import replay_ticker
from btassets.engine.signals import SIGNAL_NAMES
from btassets.engine.statistics.influence import benchmark_adjusted_r
from btassets.graph.replay import CANDIDATES, FACTOR_SIGNALS
from btassets.run.floor_sql import judge, qualifies
from btassets.run.settings_relation import settings_relations
from btassets.run.sql_models import run_model
from btassets.settings.models import Gates, Settings
from btassets.sources.synthetic.demo import BENCHMARK, DemoSource
from btassets.stages.replay.arrow_columns import as_table
from btassets_tests.support.market_factory import small_sessions

Floats = npt.NDArray[np.float64]

HORIZONS = (5, 10, 21, 30, 42, 63)
COST_PER_SIDE = 0.001


@dataclass(frozen=True)
class PlantedMarket:
    """Graded setups of the week grid under the standard rules, and the weekly ICs.

    `target_r`, `hold_r` and `adjusted_r` are net R of the target race (marked), of the 30-session hold,
    and of the hold without the benchmark; `zero_r` books expiries at 0 as the legacy profile does. `rows` of
    `column` arrays are graded ones only.
    """

    week_no: npt.NDArray[np.int64]
    n_weeks: int
    is_long: npt.NDArray[np.bool_]
    percentile: Floats
    is_qualified: npt.NDArray[np.bool_]
    target_r: Floats
    zero_r: Floats
    hold_r: Floats
    adjusted_r: Floats
    adjusted_target_r: Floats
    time_r: Floats
    asof: npt.NDArray[np.int32]
    ic: WeeklyIc


def _activation_percentiles(
    signals: dict[str, dict[str, npt.NDArray]], tickers: list[str], ticker_no: npt.NDArray, asof: npt.NDArray
) -> Floats:
    """Percentile of each setup's ticker at its date, from the model that every run uses."""
    relations = {
        **settings_relations(Settings(), "base"),
        "candidates": CANDIDATES.schema.empty_table(),
        "factor_signals": as_table(FACTOR_SIGNALS, signals)[0],
    }
    ranks = run_model("percentile_ranks", relations)
    days = ranks["asof_date"].cast(pa.int32()).to_pylist()
    values = ranks["activation_momentum_percentile"].to_pylist()
    place = dict(zip(zip(ranks["ticker"].to_pylist(), days, strict=True), values, strict=True))
    found = [place.get((tickers[k], day)) for k, day in zip(ticker_no.tolist(), asof.tolist(), strict=True)]
    return np.array([np.nan if value is None else value for value in found])


def planted_market(seed: int, edge: float = 0.0, *, n_tickers: int = 80, n_bars: int = 1260) -> PlantedMarket:
    """Generate and replay one market; fills at the next open."""
    source = DemoSource(
        small_sessions(n_bars),
        "null",
        n_tickers=n_tickers,
        n_sessions=n_bars,
        seed=seed,
        edge=edge,
        has_lifecycle=False,
    )
    bench = adjusted_bars(source.fetch(BENCHMARK), "raw", "total")
    days = bench.dates
    week_ends = completed_week_sessions(days, int(days[-1]), "data")
    setups, signals, numbers = [], [], []
    tickers = [ticker for ticker in source.tickers() if ticker != BENCHMARK]
    for number, ticker in enumerate(tickers):
        raw = source.fetch(ticker)
        bars, factor = adjusted_bars(raw, "raw", "total"), adjustment_factors(raw, "raw", "total")[0]
        replay = replay_ticker(
            AlignedBars(bars, bench.open, bench.close, np.arange(len(days), dtype=np.int32)),
            RawArrays.of(raw.close, raw.volume, factor),
            AsofGrid(*asof_grid(bars.dates, week_ends, int(days[-1]))),
            len(days) - 1,
            False,
            ReplayRules(),
        )
        keep = np.asarray(replay.candidates["is_week"])
        setups.append({name: column[keep] for name, column in replay.candidates.items()})
        keep = np.asarray(replay.signals["is_week"]) & np.asarray(replay.signals["eligible"])
        signals.append({name: column[keep] for name, column in replay.signals.items()})
        numbers.append((np.full(len(setups[-1]["asof_date"]), number), np.full(keep.sum(), number)))

    def joined(parts: list, name: str) -> npt.NDArray:
        return np.concatenate([part[name] for part in parts])

    asof = joined(signals, "asof_date").astype(np.int32)
    monday = week_mondays(asof)
    ticker = np.concatenate([pair[1] for pair in numbers])
    order = np.lexsort((ticker, monday))
    ic = weekly_rank_ic(
        monday[order],
        np.stack([joined(signals, name)[order] for name in SIGNAL_NAMES]),
        np.stack([joined(signals, f"fwd_return_{h}")[order] for h in HORIZONS]),
    )

    def column(name: str) -> npt.NDArray:
        return joined(setups, name)

    setup_asof = column("asof_date").astype(np.int32)
    setup_ticker = np.concatenate([pair[0] for pair in numbers])
    percentile = _activation_percentiles(dict(zip(tickers, signals, strict=True)), tickers, setup_ticker, setup_asof)
    is_long = column("direction") == 0
    passes = judge(
        pa.table(
            {
                "direction": np.where(is_long, "long", "short"),
                "rr": column("rr"),
                "confidence": column("confidence"),
                "action": np.array([*ACTIONS, None], dtype=object)[column("action")],
                "activation_momentum_percentile": pa.array(percentile, from_pandas=True),
            }
        ),
        Gates().values(),
    )
    risk = column("risk_pct_open")
    cost = 2 * COST_PER_SIDE / risk
    time_r = np.stack([column(f"time_r_{n}_open") - cost for n in (5, 10, 21, 30)], axis=1)
    target_r = column("r_mtm_open") - cost
    mondays = week_mondays(setup_asof)
    week_no = (mondays - mondays.min()).astype(np.int64) // 7
    return PlantedMarket(
        week_no=week_no,
        n_weeks=int(week_no.max()) + 1,
        is_long=is_long,
        percentile=percentile,
        is_qualified=qualifies(passes),
        target_r=target_r,
        zero_r=column("realized_r_open") - cost,
        hold_r=time_r[:, 3],
        adjusted_r=benchmark_adjusted_r(time_r[:, 3], column("bench_ret_30_open"), risk, is_long),
        adjusted_target_r=benchmark_adjusted_r(target_r, column("bench_ret_target_open"), risk, is_long),
        time_r=time_r,
        asof=setup_asof,
        ic=ic,
    )
