"""Values and proof of each own signal of a book.

Belongs here: which signals are computed, and the row of each. Does not belong here: the tables (`own_signals.py`), the
computation and the proof (`btassets.own`). A book without own code does not import this module.
"""

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from btassets.errors import BtassetsError
from btassets.graph.own import GIVEN, PROVEN, REFUSED
from btassets.graph.replay import FACTOR_SIGNALS
from btassets.own.discover import OwnSource
from btassets.own.evaluate import Limits, OwnSignal, Panel, all_values
from btassets.own.given_file import given_values, read_given
from btassets.own.loading import declared_by
from btassets.own.own_process import OwnSignalError
from btassets.own.proof import prove
from btassets.own.registry import Registry
from btassets.run.tables import Tables
from btassets.settings.models import Settings
from btassets.stages.own.own_rows import read_panel
from btassets.storage.hashing import digest

Floats = npt.NDArray[np.float64]

_READS = ("factor_signals", "ohlcv_history", "sessions", "benchmark_closes")


@dataclass(frozen=True)
class Judged:
    """One own signal.

    Attributes
    ----------
    row
        Its row of `own_signal_proofs`.
    key
        Hash of everything behind its values.
    values
        At the rows of `factor_signals`; None: refused.
    us_per_row
        Time of its computation per row, microseconds; None: a file.
    """

    row: dict[str, Any]
    key: str = ""
    values: Floats | None = None
    us_per_row: float | None = None


def judge_all(sources: Sequence[OwnSource], tables: Tables, settings: Settings) -> list[Judged]:
    """Every signal of the sources, refused ones included."""
    work = _Work(tables, settings)
    registry = Registry(FACTOR_SIGNALS.names)
    return [one for source in sources for one in _judge_source(source, work, registry)]


class _Work:
    """Inputs shared by all signals, read when the first needs them."""

    def __init__(self, tables: Tables, settings: Settings) -> None:
        self._tables = tables
        self.settings = settings
        self.limits = Limits(settings.own.max_ticker_seconds, settings.own.max_query_seconds)
        self.n_processes = min(os.cpu_count() or 1, 4)

    @cached_property
    def panel(self) -> Panel:
        """Bars and rows."""
        return read_panel(self._tables, self.settings)

    @cached_property
    def _data(self) -> tuple[Any, ...]:
        versions = [self._tables.version(name) for name in _READS]
        return (versions, self.settings.basis, self.settings.engine.gap_days, self._tables.code_version)

    def key(self, source: OwnSource, name: str) -> str:
        """Hash of everything behind the values of one signal."""
        return digest(source.version, name, asdict(self.limits), *self._data)

    def former(self, name: str, key: str) -> tuple[dict[str, Any], Floats, float | None] | None:
        """Row, values and time of a signal computed before with this key; None without them, or if they are damaged."""
        stored = self._tables["own_signals"]
        try:
            if stored.facts.get("keys", {}).get(name) != key:
                return None
            rows = self._tables["own_signal_proofs"].read().to_pylist()
            row = next((row for row in rows if row["signal"] == name and row["state"] != REFUSED), None)
            table = stored.where(["signal", "value"], pc.field("signal") == name, wanted=["value"])
        except BtassetsError:
            return None
        if row is None or table.num_rows != self.panel.n_rows:
            return None
        return row, table["value"].to_numpy(), stored.facts["us_per_row"].get(name)


def _judge_source(source: OwnSource, work: _Work, registry: Registry) -> Iterable[Judged]:
    """Every signal of one source."""
    declared, problem = declared_by(source)
    if problem:
        yield Judged(_row(OwnSignal(source.stem, source.form, 0, 1, "", "", source), REFUSED, problem))
    for signal in declared:
        yield _judge(signal, work, registry)


def _judge(signal: OwnSignal, work: _Work, registry: Registry) -> Judged:
    """Values and proof of one computed signal."""
    row, key = _row(signal, REFUSED, ""), work.key(signal.source, signal.name)
    try:
        registry.add(signal.entry)
        former = work.former(signal.name, key)
        if former is not None:
            return Judged({**former[0], **_words(signal)}, key, former[1], former[2])
        if signal.form == "file":
            return _judge_file(signal, work, key)
        started = time.perf_counter()
        values = all_values(signal, work.panel, work.limits, work.n_processes)
        seconds = time.perf_counter() - started
        _require_values(signal, values)
        proof = prove(signal, work.panel, values, work.limits, int(key, 16))
    except (OwnSignalError, ValueError) as error:
        return Judged({**row, "reason": str(error)})
    found = {**row, "state": PROVEN, "n_tickers": proof.n_tickers, "n_dates": proof.n_dates, **_counts(values)}
    return Judged(found, key, values, round(1e6 * seconds / max(len(values), 1), 1))


def _judge_file(signal: OwnSignal, work: _Work, key: str) -> Judged:
    """Values of a file, which no replay can prove: nothing but its author knows when each value was known."""
    _, table, max_age_days = read_given(signal.source.path, signal.source.name)
    values = given_values(table, work.panel, max_age_days, signal.source.name)
    _require_values(signal, values)
    return Judged({**_row(signal, GIVEN, ""), **_counts(values)}, key, values)


def _require_values(signal: OwnSignal, values: Floats) -> None:
    if len(values) and np.isnan(values).all():
        few = f"no ticker has {signal.lookback + 1} bars" if signal.form == "window" else "no row of the book has one"
        raise OwnSignalError(f"{signal.name}: no value at any of {len(values)} rows: it returns none, or {few}")


def _words(signal: OwnSignal) -> dict[str, Any]:
    return {
        "signal": signal.name,
        "form": signal.form,
        "source": signal.source.name,
        "label": signal.label or signal.name,
        "description": signal.description,
        "sign": signal.sign,
        "lookback": signal.lookback,
        "content": signal.source.content,
    }


def _row(signal: OwnSignal, state: str, reason: str) -> dict[str, Any]:
    return {**_words(signal), "state": state, "reason": reason or None, **dict.fromkeys(
        ("n_values", "n_missing", "n_tickers", "n_dates"), 0)}  # fmt: skip


def _counts(values: Floats) -> dict[str, int]:
    n_missing = int(np.isnan(values).sum())
    return {"n_values": len(values) - n_missing, "n_missing": n_missing}
