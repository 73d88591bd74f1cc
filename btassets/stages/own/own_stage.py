"""Tables of own stages: each computed twice in processes of its own, or left out with the reason.

A stage that fails has a table without rows, whose footer has the reason; stages that read it are left out with it. The
runner skips it, as any stage, while its inputs are unchanged.

Belongs here: the request, the comparison of both results, the check. Does not belong here: the child
(`btassets.own.stages`), which own stages there are (`btassets.run.own_flow.book_flow`).
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from btassets.engine.conventions import replay_holds
from btassets.graph.bars import BARS
from btassets.graph.columns import SCENARIO, TableSpec
from btassets.own.own_process import OwnProcess, OwnSignalError
from btassets.own.stages.stage_names import OwnStage
from btassets.run.own_flow.book_flow import BookFlow
from btassets.run.stage_result import CheckFact, StageOutcome, StageResult
from btassets.run.tables import Tables
from btassets.settings.declared import select_declared
from btassets.settings.models import Settings
from btassets.stages.bars.bars_view import bars_table
from btassets.stages.bars.universe import active_tickers

_CHILD = "btassets.own.stages.stage_child"


def compute(tables: Tables, settings: Settings) -> StageResult:
    """Table of the reading stage."""
    flow: BookFlow = tables.outside("own_stages")
    own = flow.own[tables.reader]
    started = time.perf_counter()
    try:
        _refuse_left_out(own, tables, flow)
        data = _with_scenario(_computed(own, tables, settings, flow), own, tables.scenario)
    except (OwnSignalError, ValueError) as error:
        empty = pa.table({SCENARIO.name: pa.array([], SCENARIO.type)})
        return StageResult({own.name: empty}, {"rows": 0, "seconds": None}, {"failed": str(error)})
    seconds = round(time.perf_counter() - started, 2)
    return StageResult({own.name: data}, {"rows": data.num_rows, "seconds": seconds})


def _refuse_left_out(own: OwnStage, tables: Tables, flow: BookFlow) -> None:
    if own.problem:
        raise OwnSignalError(own.problem)
    for name in own.reads:
        if name in flow.own and tables[name].facts.get("failed"):
            raise OwnSignalError(f"{own.place}: {own.name} reads {name}, which was left out; correct that one first")


def _computed(own: OwnStage, tables: Tables, settings: Settings, flow: BookFlow) -> pa.Table:
    with _bars_file(own, tables, settings) as bars:
        return _computed_twice(own, tables, settings, flow, bars)


@contextmanager
def _bars_file(own: OwnStage, tables: Tables, settings: Settings) -> Iterator[list[str]]:
    """The view `bars` as a file for as long as a stage that reads it is computed; no file for the others."""
    if BARS.name not in own.reads:
        yield []
        return
    with TemporaryDirectory(prefix="btassets-bars-") as folder:
        path = Path(folder) / "bars.parquet"
        try:
            pq.write_table(bars_table(tables, settings, active_tickers(tables, settings)), path)
        except OSError as error:
            raise OwnSignalError(f"{own.place}: {own.name}: bars cannot be written for it: {error}") from error
        yield [str(path)]


def _computed_twice(own: OwnStage, tables: Tables, settings: Settings, flow: BookFlow, bars: list[str]) -> pa.Table:
    request = {
        "do": "stage",
        "stage": own.name,
        "place": own.place,
        "tables": {name: _given(flow.tables[name], tables, settings, bars) for name in own.reads},
        "settings": select_declared(settings, own.settings) if own.settings else {},
    }
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: _asked(own, request, settings.own.max_stage_seconds), range(2))
    if not first.equals(second):
        raise OwnSignalError(f"{own.place}: {own.name}: {_difference(first, second)}; it depends on chance or on state")
    return first


def _given(spec: TableSpec, tables: Tables, settings: Settings, bars: list[str]) -> dict[str, Any]:
    """A declared table as the child reads it."""
    spec = spec.under(replay_holds(settings.exits.hold_days)) if spec.graded else spec
    spec = spec.beside(settings.gates.named()) if spec.of_gate else spec
    order = [column for column in spec.order if column != SCENARIO.name]
    files = bars if spec.name == BARS.name else [str(path) for path in tables.files(spec.name)]
    return {"files": files, "order": order, "schema": spec.schema.serialize().to_pybytes()}


def _asked(own: OwnStage, request: dict[str, Any], seconds: float) -> pa.Table:
    with OwnProcess(own.source, _CHILD) as process:
        process.load()
        data = process.ask_bytes(request, seconds, f"{own.place}: {own.name}")[1]
    return pa.ipc.open_stream(data).read_all()


def _difference(one: pa.Table, other: pa.Table) -> str:
    """First difference between two results, as the middle of a sentence."""
    if one.schema != other.schema or one.num_rows != other.num_rows:
        shapes = [f"{table.num_rows} rows of {', '.join(table.column_names[:5])}" for table in (one, other)]
        return f"returns {shapes[0]}, and {shapes[1]} when computed again"
    name = next(name for name in one.column_names if not one[name].equals(other[name]))
    pairs = zip(one[name].to_pylist(), other[name].to_pylist(), strict=True)
    row, (left, right) = next((k, pair) for k, pair in enumerate(pairs) if pair[0] != pair[1])
    return f"column {name} of row {row + 1} is {left}, and {right} when computed again"


def _with_scenario(data: pa.Table, own: OwnStage, scenario: str) -> pa.Table:
    """The table with the scenario as its first column, as every table of a scenario."""
    if SCENARIO.name in data.column_names:
        others = [value for value in data[SCENARIO.name].unique().to_pylist() if value != scenario]
        if others:
            raise OwnSignalError(f"{own.place}: {own.name}: returns rows of scenario {others[0]}; this is {scenario}")
        data = data.drop_columns([SCENARIO.name])
    return data.add_column(0, SCENARIO.name, pa.repeat(scenario, data.num_rows))


def of_own_stage(outcome: StageOutcome, _tables: Tables, _settings: Settings) -> list[CheckFact]:
    """Whether an own stage was computed, with the reason if not."""
    failed = outcome.footers[outcome.name].facts.get("failed")
    return [CheckFact(f"{outcome.name}_computed", failed is None, "ERROR", {"reason": failed})]
