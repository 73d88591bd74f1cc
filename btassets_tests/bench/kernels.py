"""What computes, inside this process, each beside its plain form on the same market: CPU time only.

Belongs here: taking a sample for the plain form and scaling its time. Does not belong here: the plain
forms (`btassets_tests/reference`), books and rank ICs on random panels (`bench_book.py`).
"""

import json
import math
import tempfile
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from btassets.book.book import Book
from btassets.engine.features.factors import factor_signals
from btassets.engine.market.calendar import asof_grid
from btassets.render.report_page import page
from btassets.run.tables import inputs_of
from btassets.stages.bars.bars_view import TickerBars, read_bucket_bars
from btassets.stages.replay.candidates import replay_one
from btassets.stages.replay.replay_inputs import ReplayInputs, read_inputs
from btassets_tests.bench import bench_book
from btassets_tests.bench.bench_book import cpu_seconds
from btassets_tests.bench.figures import Figure, Target
from btassets_tests.reference import naive_engine, naive_grading, naive_stats
from btassets_tests.reference.naive_engine import Bar

EPOCH = date(1970, 1, 1)
HORIZONS = (5, 10, 21, 30, 42, 63)

S_AN_ASOF_BAR = 5.4e-6
"""Of the prototype's compiled pass over weekly as-of bars."""

N_TICKERS_AIMED_AT = 501


def read_market(book: Book) -> tuple[ReplayInputs, list[TickerBars]]:
    """Everything that the replay of a book reads."""
    tables, settings = inputs_of("candidates", book)
    items = [item for bucket in range(book.lake.n_buckets) for item in read_bucket_bars(tables, settings, bucket)]
    return read_inputs(tables, settings), sorted(items, key=lambda item: item.ticker.encode())


def _asof_index(item: TickerBars, inputs: ReplayInputs) -> np.ndarray:
    return asof_grid(item.bars.dates, inputs.sessions.days[inputs.sessions.is_week], inputs.sessions.last)[0]


def replay_figure(inputs: ReplayInputs, items: Sequence[TickerBars], *, n_sampled: int, target: Target) -> Figure:
    """CPU time an as-of bar: setups, both gradings, signals, eligibility, in one pass."""
    indices = [_asof_index(item, inputs) for item in items]
    n_asof = sum(len(index) for index in indices)

    def run() -> None:
        for item in items:
            replay_one(item, inputs)

    ours = cpu_seconds(run, 2) / n_asof
    naive, n = _naive_replay(inputs, items, indices, n_sampled)
    return Figure(
        "replay, an as-of bar",
        cpu_s=ours,
        naive_cpu_s=naive,
        n_repeats=2,
        target=target,
        note=f"{n_asof:,} as-of bars of {len(items)} tickers; naive of {n}",
    )


def n_asof_bars(inputs: ReplayInputs, items: Sequence[TickerBars]) -> int:
    """As-of bars of all grids together."""
    return sum(len(_asof_index(item, inputs)) for item in items)


def _naive_replay(
    inputs: ReplayInputs, items: Sequence[TickerBars], indices: Sequence[np.ndarray], n_sampled: int
) -> tuple[float, int]:
    """CPU seconds an as-of bar of the plain form, over as-of bars spread evenly over the market."""
    n_tickers = min(len(items), max(1, n_sampled // 8))
    chosen = [round(k * (len(items) - 1) / max(1, n_tickers - 1)) for k in range(n_tickers)]
    sessions = inputs.sessions.days.tolist()
    seconds, n_done = 0.0, 0
    for k in chosen:
        item, index = items[k], indices[k]
        places = np.unique(np.linspace(0, len(index) - 1, max(1, n_sampled // n_tickers)).round().astype(int))
        job = _plain_job(item, inputs, sessions)
        started = time.process_time()
        for i in index[places].tolist():
            _naive_asof_bar(job, i)
        seconds += time.process_time() - started
        n_done += len(places)
    return seconds / n_done, n_done


def _plain_job(item: TickerBars, inputs: ReplayInputs, sessions: list[int]) -> dict[str, Any]:
    b = item.bars
    bars = [
        Bar(*row)
        for row in zip(*(x.tolist() for x in (b.dates, b.open, b.high, b.low, b.close, b.volume)), strict=True)
    ]
    opens, closes = (x.tolist() for x in inputs.benchmark_on(b.dates))
    bench = {bar.date: (o, c) for bar, o, c in zip(bars, opens, closes, strict=True) if not math.isnan(c)}
    return {
        "bars": bars,
        "bench": bench,
        "bench_close": {day: prices[1] for day, prices in bench.items()},
        "sessions": sessions,
        "session_no": np.searchsorted(inputs.sessions.days, b.dates).tolist(),
        "raw_close": item.raw.close.tolist(),
        "dollar_volume": (item.raw.close * item.raw.volume).tolist(),
    }


def _naive_asof_bar(job: dict[str, Any], i: int) -> None:
    """Everything that the compiled pass writes for one as-of bar, told plainly."""
    bars = job["bars"]
    setups = naive_engine.setups_at(bars[: i + 1])
    naive_engine.signals_at(bars[: i + 1], job["bench_close"])
    for direction, setup in setups.items():
        prices = (setup["entry"], setup["stop"], setup["target"], setup["rr"])
        naive_grading.grade(bars, i, direction, *prices, job["sessions"], job["bench"])
    n_window = len(naive_engine.window_of(bars[: i + 1]))
    series = (job["session_no"], job["raw_close"], job["dollar_volume"])
    naive_engine.ineligible_reason(i, n_window, bars, *series)
    for days in HORIZONS:
        naive_engine.forward_return(bars, i, days, is_ended=False)


def signals_figure(inputs: ReplayInputs, items: Sequence[TickerBars], *, n_sampled: int, target: Target) -> Figure:
    """CPU time of the eight signals at every week end of every ticker, from bars."""
    weeks = inputs.sessions.days[inputs.sessions.is_week]
    jobs = [
        (
            item,
            np.flatnonzero(np.isin(item.bars.dates, weeks)).astype(np.int32),
            inputs.benchmark_on(item.bars.dates)[1],
        )
        for item in items
    ]

    def run() -> None:
        for item, index, bench_close in jobs:
            factor_signals(item.bars, bench_close, index)

    ours = cpu_seconds(run)
    n_rows = sum(len(index) for _, index, _ in jobs)
    item, index, _ = jobs[len(jobs) // 2]
    plain = _plain_job(item, inputs, [])
    sampled = index[np.unique(np.linspace(0, len(index) - 1, n_sampled).round().astype(int))].tolist()
    started = time.process_time()
    for i in sampled:
        naive_engine.signals_at(plain["bars"][: i + 1], plain["bench_close"])
    naive = (time.process_time() - started) / len(sampled) * n_rows
    note = f"{n_rows:,} rows; naive scaled from {len(sampled)}"
    return Figure(
        "8 signals, all weeks, from bars",
        cpu_s=ours,
        naive_cpu_s=naive,
        n_repeats=3,
        target=target,
        note=note,
    )


def book_figures(*, n_books: int, size: dict[str, int], has_targets: bool) -> list[Figure]:
    """One book and many, exits known, beside the plain book of the legacy profile's rules."""
    one, _ = bench_book.time_one_book(**size)
    many = bench_book.time_many_books(n_books, **size)
    naive = bench_book.time_naive_book(**size)
    targets = (Target(cpu_s=1.5e-3), Target(cpu_s=3.0)) if has_targets else (Target(), Target())
    return [
        Figure("one book", cpu_s=one, naive_cpu_s=naive, n_repeats=20, target=targets[0], note="random panel"),
        Figure(
            f"{n_books:,} books",
            cpu_s=many,
            naive_cpu_s=naive * n_books,
            n_repeats=1,
            target=targets[1],
            note="naive scaled from 1",
        ),
    ]


def factor_report_figures(*, n_weeks: int, n_names: int, has_targets: bool) -> list[Figure]:
    """Weekly rank ICs and quintile spreads of eight signals over one and six horizons."""
    sampled = bench_book.time_naive_rank_ic(n_signals=2, n_weeks=1, n_names=n_names)
    figures = []
    for n_horizons in (1, 6):
        ours = bench_book.time_rank_ic(n_horizons=n_horizons, n_weeks=n_weeks, n_names=n_names)
        figures.append(
            Figure(
                f"8 signals x {n_horizons} horizon{'s' if n_horizons > 1 else ''}",
                cpu_s=ours,
                naive_cpu_s=sampled * 8 * n_weeks * n_horizons,
                n_repeats=3,
                target=Target(cpu_s=0.5) if has_targets and n_horizons > 1 else Target(),
                note=f"{n_weeks} weeks of {n_names} names; naive scaled from 1 signal and week",
            )
        )
    return figures


def event_figure(*, n_partitions: int, has_targets: bool) -> Figure:
    """CPU time that one more partition's events cost, stock log beside the batched one."""
    import logging
    import os

    from btassets.instance.event_log import EVENT_BATCH_SIZE_VARIABLE, RECOMMENDED_EVENT_BATCH_SIZE
    from btassets_tests.bench import bench_event_log

    logging.getLogger("dagster").setLevel(logging.ERROR)
    kept = os.environ.get(EVENT_BATCH_SIZE_VARIABLE)
    os.environ[EVENT_BATCH_SIZE_VARIABLE] = str(RECOMMENDED_EVENT_BATCH_SIZE)
    try:
        with tempfile.TemporaryDirectory(prefix="btassets-bench-") as folder:
            stock, *batched = (
                bench_event_log.cpu_ms_a_partition(
                    Path(folder) / name, batched=name != "stock", n_partitions=n_partitions
                )
                for name in ("stock", "batched-1", "batched-2")
            )
    finally:
        os.environ.pop(EVENT_BATCH_SIZE_VARIABLE)
        if kept is not None:
            os.environ[EVENT_BATCH_SIZE_VARIABLE] = kept
    return Figure(
        "events of one partition",
        cpu_s=min(batched) / 1e3,
        spread_s=(max(batched) - min(batched)) / 1e3,
        naive_cpu_s=stock / 1e3,
        n_repeats=len(batched),
        target=Target(cpu_s=bench_event_log.MAX_BATCHED_MS / 1e3) if has_targets else Target(),
        note=f"over {n_partitions} empty partitions; naive: the stock log",
    )


def page_figure(report_json: Path, *, has_targets: bool) -> Figure:
    """CPU time and size of report.html from report.json."""
    report = json.loads(report_json.read_text(encoding="utf-8"))
    seconds = cpu_seconds(lambda: page(report), 5)
    size = len(page(report).encode())
    limit_kb = 500
    note = f"{size / 1e3:.0f} kB" + (f", limit {limit_kb} kB" + (": over" if size > limit_kb * 1e3 else ""))
    return Figure(
        "report page",
        cpu_s=seconds,
        n_repeats=5,
        target=Target(cpu_s=1.0) if has_targets else Target(),
        note=note,
    )


def naive_grade(
    book: Book, candidates: Path, items: Sequence[TickerBars], inputs: ReplayInputs, *, n_tickers: int
) -> tuple[float, int]:
    """CPU seconds a setup of the plain report of given setups, and on how many it was measured."""
    step = max(1, len(items) // n_tickers)
    chosen = items[::step][:n_tickers]
    names = {item.ticker for item in chosen}
    with pq.ParquetFile(candidates) as file:
        rows = [row for row in file.read().to_pylist() if row["ticker"] in names]
    for row in rows:
        row["date"] = row.pop("asof_date")
    bars = {}
    for item in chosen:
        b = item.bars
        columns = (x.tolist() for x in (b.open, b.high, b.low, b.close))
        bars[item.ticker] = list(zip(map(_as_date, b.dates.tolist()), *columns, strict=True))
    closes = dict(zip(map(_as_date, inputs.bench_days.tolist()), inputs.bench_close.tolist(), strict=True))
    gates = book.settings.gates.model_dump()
    started = time.process_time()
    naive_stats.seed_report(rows, bars, closes, gates)
    return (time.process_time() - started) / max(1, len(rows)), len(rows)


def _as_date(day: int) -> date:
    return EPOCH + timedelta(days=day)
