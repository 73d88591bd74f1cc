"""Where the CPU time of one command goes: imports, the instance, the event log, each stage, the report.

Belongs here: the named parts, charging CPU time to the innermost one, and the table in L. Does not belong here: what a
whole command takes (`graph_cases.py`).

`python -m btassets_tests.bench.parts OUT.json run --book B --workers 1` is the measured child: it runs one command of
the command line, with one thread per stage so that no two parts work at once.
"""

import functools
import importlib
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

IMPORTS = "imports"
REST = "everything else"

PARTS: dict[str, str] = {
    "btassets.plan:make_plan": "plan: what is stale",
    "btassets.book.book:open_book": "settings and book",
    "btassets.sources.calendar.calendars:exchange_sessions": "exchange calendar",
    "btassets.sources.calendar.exchange_hours:exchange_hours": "exchange calendar",
    "btassets.instance.dagster_home:_opened": "Dagster: open the instance",
    "btassets.defs.build:book_defs": "Dagster: definitions of the book",
    "btassets.instance.event_log:BatchedSqliteEventLogStorage.store_event_batch": "Dagster: event log",
    "dagster._core.instance.runs.run_domain:RunDomain.create_run_for_job": "Dagster: create the run",
    "btassets.defs.launch:launch": "Dagster: steps and events",
    "btassets.defs.launch:launch_scenario": "Dagster: steps and events",
    "btassets.instance.runs.retention:retain": "Dagster: old runs",
    "btassets.instance.partition_metadata:of_partitions": "Dagster: partitions",
    "btassets.stages.bars.ohlcv_history:ingest": "ingest",
    "btassets.stages.replay.candidates:plan_replay": "replay: plan",
    "btassets.stages.replay.candidates:replay_shard": "replay and its files",
    "btassets.stages.replay.lookahead_check:find_lookahead": "replay: lookahead check",
    "btassets.defs.assets.page_numbers:page_metadata": "numbers of the asset pages",
    "btassets.run.check_facts:check_facts": "asset checks",
    "btassets.run.run_stage:stale_stage": "plan: what is stale",
    "btassets.run.run_stage:store": "write tables",
    "btassets.storage.lake:Lake.read": "read tables",
    "btassets.storage.lake:Lake.read_bucket": "read tables",
    "btassets.storage.lake:Lake.footer_text": "footers",
    "btassets.storage.lake:Lake.write_bucket": "write tables",
    "btassets.engine.compiling:Kernel.load": "load compiled code",
    "btassets.run.sql_models:connect": "DuckDB: open and load functions",
    "btassets.masking:mask": "mask secrets",
    "btassets.storage.warehouse:write_views": "warehouse views",
    "btassets.storage.view_files:is_current": "warehouse views",
    "btassets.cli.output.summary:headline_lines": "last lines",
    "btassets.cli.output.findings:run_findings": "last lines",
    "btassets.cli.actions.update:sweep_book": "half-written files",
}
"""Function to the part that it and everything below it belongs to, less what an inner part takes."""

STAGE = "btassets.run.run_stage:run_stage"
"""The function whose first argument names a part of its own."""

_CONCURRENT = "btassets.run.run_stage", "MOST_THREADS"
"""How many stages run at once: one, or no part could be charged."""


class Meter:
    """CPU seconds of this process by part; the innermost open part pays."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._open = [REST]
        self._since = time.process_time()

    def _charge(self) -> None:
        now = time.process_time()
        self.seconds[self._open[-1]] += now - self._since
        self._since = now

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Charge the block to one part."""
        self._charge()
        self._open.append(name)
        try:
            yield
        finally:
            self._charge()
            self._open.pop()

    def close(self) -> dict[str, float]:
        """Seconds by part, most first."""
        self._charge()
        return dict(sorted(self.seconds.items(), key=lambda item: -item[1]))

    def wrap(self, function: Callable[..., Any], name_of: Callable[..., str]) -> Callable[..., Any]:
        """The function, charged to the part that `name_of` its arguments."""

        @functools.wraps(function)
        def measured(*args: Any, **kwargs: Any) -> Any:
            with self.part(name_of(*args)):
                return function(*args, **kwargs)

        return measured


def _stage_part(stage: str, *_: Any) -> str:
    return f"stage {stage}"


def _fixed_part(part: str, *_: Any) -> str:
    return part


class _Loader(Loader):
    """Another loader: charges the import, then wraps the parts of the new module before another module binds them."""

    def __init__(self, inner: Any, meter: Meter, wanted: Sequence[str]) -> None:
        self._inner, self._meter, self._wanted = inner, meter, wanted

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        with self._meter.part(IMPORTS):
            return self._inner.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        with self._meter.part(IMPORTS):
            self._inner.exec_module(module)
        if module.__name__ == _CONCURRENT[0]:
            setattr(module, _CONCURRENT[1], 1)
        for path in self._wanted:
            *owners, name = path.split(".")
            owner: Any = functools.reduce(getattr, owners, module)
            function = getattr(owner, name)
            part = f"{module.__name__}:{path}"
            name_of = _stage_part if part == STAGE else functools.partial(_fixed_part, PARTS[part])
            setattr(owner, name, self._meter.wrap(function, name_of))


class ImportMeter(MetaPathFinder):
    """Finds modules as Python does, and lets `_Loader` load them."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._wanted: dict[str, list[str]] = defaultdict(list)
        for key in (*PARTS, STAGE):
            module, _, path = key.partition(":")
            self._wanted[module].append(path)

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        with self._meter.part(IMPORTS):
            spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._meter, self._wanted.get(fullname, ()))
        return spec


def measure(words: Sequence[str]) -> tuple[int, dict[str, float]]:
    """Run one command line in this process; its exit code, and CPU seconds by part."""
    meter = Meter()
    finder = ImportMeter(meter)
    sys.meta_path.insert(0, finder)
    try:
        code = importlib.import_module("btassets.cli.main").main(words)
    finally:
        sys.meta_path.remove(finder)
    return code, meter.close()


if __name__ == "__main__":
    exit_code, seconds = measure(sys.argv[2:])
    Path(sys.argv[1]).write_text(json.dumps(seconds, indent=1), encoding="utf-8")
    importlib.import_module("btassets.cli.main").leave(exit_code)
