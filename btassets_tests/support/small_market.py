"""A folder of bar files and a book over it, small enough for many runs in one test."""

import datetime as dt
import os
import time
from contextlib import ExitStack
from pathlib import Path

import dagster as dg
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from dagster._core.storage.defs_state.base import _current_storage

from btassets.book.book import Book, open_book
from btassets.defs.build import book_defs
from btassets.defs.resources import BookResource
from btassets.instance.dagster_home import open_instance

LAST = dt.date(2024, 6, 28)  # a Friday
N_BARS = 330


def sessions(n: int, last: dt.date = LAST) -> list[dt.date]:
    """The last `n` weekdays up to `last`, inclusive."""
    days, day = [], last
    while len(days) < n:
        if day.weekday() < 5:
            days.append(day)
        day -= dt.timedelta(days=1)
    return days[::-1]


def bars(seed: int, days: list[dt.date]) -> pa.Table:
    """Bars of one ticker; more days leave the earlier ones as they are."""
    rng = np.random.default_rng(seed)
    steps = np.array([rng.normal(0.0004, 0.015) for _ in days])
    close = 50.0 * np.exp(np.cumsum(steps))
    spread = 0.01 * close
    return pa.table(
        {
            "date": pa.array(days, pa.date32()),
            "open": close - 0.2 * spread,
            "high": close + spread,
            "low": close - spread,
            "close": close,
            "volume": np.full(len(days), 2e6),
        }
    )


def write(folder: Path, name: str, seed: int, days: list[dt.date]) -> Path:
    """One ticker's file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.parquet"
    pq.write_table(bars(seed, days), path)
    return path


def names(n: int) -> list[str]:
    return [f"T{number:03d}" for number in range(n)]


def make_book(folder: Path, n_tickers: int, extra: str = "") -> Book:
    """Book over `n_tickers` files that end on LAST."""
    for seed, name in enumerate(names(n_tickers)):
        write(folder / "bars", name, seed, sessions(N_BARS))
    book = folder / "book"
    book.mkdir(parents=True)
    text = 'calendar = "data"\nbenchmark = "none"\n' + extra
    text += '[source]\nkind = "files"\npath = "../bars"\n[storage]\nbuckets = 8\n[executor]\nshards = 2\n'
    (book / "btassets.toml").write_text(text, encoding="utf-8")
    return open_book(book, environ={})


class Home:
    """A book's instance and definitions, as the page has them."""

    def __init__(self, book: Book) -> None:
        self.book = book
        os.environ["BTASSETS_BOOK"] = str(book.folder)
        self._before = _current_storage.get()
        self._stack = ExitStack()
        self.instance = self._stack.enter_context(open_instance(book.instance))
        self.resource = BookResource.of(book)
        self.defs = book_defs(self.resource, 2, automated=book)
        self.defs.get_repository_def()  # kept from here on: made while the instance above is the current one

    def close(self) -> None:
        self._stack.close()
        # Contexts that Dagster builds for tests enter the instance and never leave it: what they made
        # current would stay so for the tests that follow.
        _current_storage.set(self._before)

    def tick(self, name: str = "new_bars", cursor: str | None = None) -> tuple[dg.SensorResult | dg.SkipReason, float]:
        """Evaluate one sensor; its answer and how long it took."""
        sensor = self.defs.get_repository_def().get_sensor_def(name)
        # Left as a block: a context that the garbage collector closes makes the instance of an earlier test current.
        with dg.build_sensor_context(
            self.instance, cursor=cursor, definitions=self.defs, resources={"book": self.resource}
        ) as context:
            started = time.monotonic()
            answer = sensor(context)
            return answer, time.monotonic() - started

    def run(
        self, request: dg.RunRequest, job: str = "everything", assets: list[str] | None = None
    ) -> dg.ExecuteInProcessResult:
        """Run what a sensor or a schedule asked for, in this process."""
        selection = [dg.AssetKey(name) for name in assets] if assets else None
        return self.defs.resolve_job_def(job).execute_in_process(
            instance=self.instance,
            tags=dict(request.tags),
            run_config=request.run_config,
            asset_selection=selection,
            raise_on_error=False,
        )

    def numbers(self, result: dg.ExecuteInProcessResult, asset: str) -> dict[str, object]:
        """Metadata of the last materialization of an asset in a run."""
        events = [e for e in result.get_asset_materialization_events() if e.asset_key == dg.AssetKey(asset)]
        return {key: value.value for key, value in events[-1].materialization.metadata.items()}


BARS_AND_REPLAY = ["ohlcv_history", "sessions", "benchmark_closes", "candidates", "factor_signals"]
