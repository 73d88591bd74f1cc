"""The process that runs own code: it reads bars from its parent and answers with values, or with what it refused.

    python -m btassets.own.child

Belongs here: loading a source, calling its functions under the limits, the place of an error. Does not belong here: the
limits (`containment.py`), which rows are asked for (`evaluate.py`), SQL (`own_query.py`).

A request is a pickled dict, an answer a JSON text and an array: its lengths come first.
"""

import importlib
import importlib.util
import json
import os
import pickle
import signal
import struct
import sys
import traceback
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from btassets.engine.replay.setup_numbers import N_NUMBERS
from btassets.own import own_query
from btassets.own.containment import Containment, clock_in
from btassets.own.declare import RULE, STAGE, Declared, take_declared
from btassets.own.setups.setup import as_numbers
from btassets.own.windows import CrossSection, TickerArrays, Window

_HEAD, _MARK = "<8sQQ", b"btassets"
"""Beginning of an answer (read by `own_process.py`): a mark, and the lengths of both parts."""

Request = dict[str, Any]
Answer = tuple[dict[str, Any], npt.NDArray[np.float64] | bytes]

_NOTHING = np.empty(0)
_import_module = importlib.import_module  # before the limits replace it: the source itself is own code, no import
_SIGNAL = ("a signal", Containment.basis, Containment.advice)
_RULE = ("a setup rule", "a setup may depend on the bars alone", "; put constants into a Python file of own/")


class RefusedError(Exception):
    """Own code that gives no values; the text says where and why."""


class Worker:
    """One source of own code, loaded in this process; `words` names what a call computes, for refusals."""

    words = _SIGNAL

    def __init__(self) -> None:
        self._shown: dict[str, str] = {}
        self._source = ""
        self._contained = Containment({})
        self._signals: dict[str, Declared] = {}
        self._query = ""
        self._bars: dict[str, TickerArrays] = {}

    def _limits(self, files: dict[str, str]) -> Containment:
        return Containment(files)

    def _header(self, stem: str) -> list[dict[str, Any]]:
        """Signals of a query: one of the file's name."""
        return [own_query.header(self._query, stem)]

    def answer(self, request: Request) -> Answer:
        """Answer one request.

        Raises
        ------
        RefusedError
            If own code raises, returns no number, or does what it may not.
        """
        return getattr(self, f"_do_{request['do']}")(request)

    def _do_load(self, request: Request) -> Answer:
        """Load a source; answers with its signals."""
        self._shown, self._source = request["files"], request["name"]
        self._contained = self._limits(self._shown)
        self._contained.install()
        if request["form"] == "sql":
            self._query = request["text"]
            words = self._guarded(lambda: self._header(request["stem"]), self._source)
            return {"signals": words, "rules": []}, _NOTHING
        for path, shown in self._shown.items():
            found = self._guarded(lambda path=path: clock_in(Path(path).read_text(encoding="utf-8")), shown)
            if found:
                why = f"{self._contained.basis}, not on a clock"
                raise RefusedError(f"{shown} line {found[0]}: {found[1]} reads the clock; {why}")
        sys.path[:0] = request["path"]
        self._contained.is_on = True
        try:
            self._guarded(lambda: self._import(request), request["name"])
        finally:
            self._contained.is_on = False
            self._contained.lift()
        for one in take_declared():
            if self._code(one) in request["beside"]:  # imported here, declared by a source of its own
                continue
            if one.name in self._signals:
                what = {RULE: "setup rule", STAGE: "stage"}.get(one.form, "signal")
                raise RefusedError(f"{request['name']}: declares the {what} {one.name} twice")
            self._signals[one.name] = one
        kept = ("name", "form", "lookback", "sign", "label", "description")
        declared: dict[str, Any] = {"signals": [], "rules": []}
        for one in self._signals.values():
            words = {key: getattr(one, key) for key in kept}
            if one.form == RULE:
                declared["rules"].append({**words, "least": one.least})
            elif one.form != STAGE:
                declared["signals"].append(words)
        return declared, _NOTHING

    def _import(self, request: Request) -> None:
        if request["module"]:
            _import_module(request["module"])
            return
        path = request["file"]
        spec = importlib.util.spec_from_file_location(request["stem"], path)
        if spec is None or spec.loader is None:
            raise ImportError(f"cannot import {path}")
        module = importlib.util.module_from_spec(spec)
        sys.modules[request["stem"]] = module
        spec.loader.exec_module(module)

    def _do_bars(self, request: Request) -> Answer:
        """Take bars; `is_added` keeps those of other tickers."""
        if not request["is_added"]:
            self._bars = {}
        self._bars.update({one.ticker: one.frozen() for one in request["bars"]})
        return {}, _NOTHING

    def _do_window(self, request: Request) -> Answer:
        """Values of a window function for one ticker at `rows`."""
        declared, arrays = self._signals[request["signal"]], self._bars[request["ticker"]]
        out = np.full(len(request["rows"]), np.nan)

        def call() -> None:
            for k, row in enumerate(request["rows"]):
                first = arrays.first_of(row, declared.lookback)
                if first is not None:
                    self._contained.place = f"{arrays.ticker} {arrays.date[row].astype('datetime64[D]')}"
                    out[k] = self._number(declared.function(Window(arrays, first, row)))

        before = _content([arrays]) if request["is_checked"] else 0
        self._run(call, f"{self._definition(declared)}{declared.name}", request["seconds"])
        if request["is_checked"] and _content([arrays]) != before:
            raise RefusedError(f"{declared.name}: changes the arrays of its window ({arrays.ticker})")
        return {}, out

    def _do_rule(self, request: Request) -> Answer:
        """Setups of a rule for one ticker at `rows`, (n_rows, 2, N_NUMBERS); NaN without one."""
        declared, arrays = self._signals[request["rule"]], self._bars[request["ticker"]]
        out = np.full((len(request["rows"]), 2, N_NUMBERS), np.nan)
        close = arrays.columns["close"]

        def call() -> None:
            for k, row in enumerate(request["rows"]):
                first = arrays.first_within(row, declared.lookback, declared.least)
                if first is None:
                    continue
                self._contained.place = f"{arrays.ticker} {arrays.date[row].astype('datetime64[D]')}"
                returned = declared.function(Window(arrays, first, row))
                try:
                    out[k] = as_numbers(returned, float(close[row]))
                except ValueError as error:
                    raise RefusedError(f"{error} ({self._contained.place})") from None

        before = _content([arrays]) if request["is_checked"] else 0
        self._run(call, f"{self._definition(declared)}{declared.name}", request["seconds"], _RULE)
        if request["is_checked"] and _content([arrays]) != before:
            raise RefusedError(f"{declared.name}: changes the arrays of its window ({arrays.ticker})")
        return {}, out

    def _definition(self, declared: Declared) -> str:
        """File and line of a function, as the beginning of a sentence; empty if it is not own code."""
        code = getattr(getattr(declared.function, "py_func", declared.function), "__code__", None)
        shown = self._shown.get(self._code(declared))
        return "" if code is None or shown is None else f"{shown} line {code.co_firstlineno}: "

    def _code(self, declared: Declared) -> str:
        """Path of the file with a function; empty if it has no code in Python."""
        code = getattr(getattr(declared.function, "py_func", declared.function), "__code__", None)
        return "" if code is None else code.co_filename

    def _do_week(self, request: Request) -> Answer:
        """Values of a cross-section function at one as-of date: `tickers`, their `rows` and `eligible`."""
        declared = self._signals[request["signal"]]
        arrays = [self._bars[ticker] for ticker in request["tickers"]]
        rows: Sequence[int] = request["rows"]
        used = [
            k
            for k, (one, row) in enumerate(zip(arrays, rows, strict=True))
            if one.first_of(row, declared.lookback) is not None
        ]
        out = np.full(len(rows), np.nan)
        if not used:
            return {}, out
        own, own_rows = [arrays[k] for k in used], [rows[k] for k in used]
        self._contained.place = str(own[0].date[own_rows[0]].astype("datetime64[D]"))

        def call() -> None:
            eligible = np.array([request["eligible"][k] for k in used], np.bool_)
            values = declared.function(CrossSection(own, own_rows, declared.lookback, eligible))
            out[used] = self._numbers(values, len(used))

        before = _content(own) if request["is_checked"] else 0
        self._run(call, f"{self._definition(declared)}{declared.name}", request["seconds"])
        if request["is_checked"] and _content(own) != before:
            raise RefusedError(f"{declared.name}: changes the bars of its cross-section ({self._contained.place})")
        return {}, out

    def _do_sql(self, request: Request) -> Answer:
        """Values of the query at the asked `tickers` and `dates`, over all bars of this process."""
        found: list[npt.NDArray[np.float64]] = []
        self._contained.place = "the query"

        def call() -> None:
            found.append(own_query.values(self._query, list(self._bars.values()), request["tickers"], request["dates"]))

        self._run(call, self._source, request["seconds"])
        return {}, found[0]

    def _number(self, value: Any) -> float:
        if value is None:
            return float("nan")
        if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
            shown = repr(value)
            raise RefusedError(f"returns {shown[:60]}, not a number ({self._contained.place}); NaN or None is no value")
        number = float(value)
        if np.isinf(number):
            raise RefusedError(f"returns {number} ({self._contained.place}); NaN or None is no value")
        return number

    def _numbers(self, values: Any, n: int) -> npt.NDArray[np.float64]:
        array = np.asarray(values)
        if array.shape != (n,) or array.dtype.kind not in "fiu":
            kind = f"an array of shape {array.shape} and type {array.dtype}"
            raise RefusedError(f"returns {kind} ({self._contained.place}); it must be {n} numbers, one per ticker")
        array = array.astype(np.float64)
        if np.isinf(array).any():
            raise RefusedError(f"returns an infinite value ({self._contained.place}); NaN is no value")
        return array

    def _run(
        self, call: Callable[[], None], name: str, seconds: float, words: tuple[str, str, str] | None = None
    ) -> None:
        """Call own code for at most `seconds` of processor time; beyond it the operating system ends the process."""
        self._contained.names(*(words or self.words))
        self._contained.is_on = not self._query  # the database refuses files and connections by itself
        if self._contained.is_on:
            self._contained.shut()
        signal.setitimer(signal.ITIMER_PROF, seconds)
        try:
            with np.errstate(all="ignore"):
                self._guarded(call, name)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0.0)
            self._contained.is_on = False
            self._contained.lift()

    def _guarded(self, call: Callable[[], Any], name: str) -> Any:
        """Result of `call`; an exception or a refused deed becomes one sentence with file and line."""
        try:
            result = call()
        except RefusedError as error:
            raise RefusedError(f"{name}: {error}") from None
        except BaseException as error:  # noqa: BLE001  # own code may raise anything, SystemExit included
            self._contained.is_on = False  # a traceback looks its files up
            self._contained.lift()
            if self._contained.found:
                raise RefusedError(self._told(name)) from None
            where = self._where(error.__traceback__) or name
            if self._contained.is_shut_out(error):
                why = f"opens a file or a pipe: {self._contained.basis}, not on files{self._contained.advice}"
                raise RefusedError(f"{where}: {why}{self._contained.where}") from None
            if isinstance(error, SyntaxError) and error.filename in self._shown:
                where = f"{self._shown[error.filename]} line {error.lineno}"
            text = f"{type(error).__name__}: {error}".rstrip(": ").replace("\n", " ")
            raise RefusedError(f"{where}: {text[:300]}{self._contained.where}") from None
        if self._contained.found:
            raise RefusedError(self._told(name))
        return result

    def _told(self, name: str) -> str:
        """The refused deed with the file and line that did it, or else where `name` begins."""
        at, what = self._contained.found_at, name.rpartition(": ")[2]
        start = f"{at}: {what}" if at and what not in self._shown.values() else at or name
        return f"{start}: {self._contained.found}"

    def _where(self, trace: TracebackType | None) -> str | None:
        """File and line of the innermost frame in own code."""
        frames = [frame for frame in traceback.extract_tb(trace) if frame.filename in self._shown]
        return f"{self._shown[frames[-1].filename]} line {frames[-1].lineno}" if frames else None


def _content(arrays: Sequence[TickerArrays]) -> int:
    """Checksum of the bars, to notice a change."""
    found = 0
    for one in arrays:
        for values in (one.date, *one.columns.values()):
            found = zlib.crc32(values.data, found)
    return found


def serve(worker: Worker) -> None:
    """Answer requests from standard input until it ends; prints of own code go nowhere."""
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    requests = os.fdopen(os.dup(0), "rb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    while len(head := requests.read(8)) == 8:
        request = pickle.loads(requests.read(struct.unpack("<Q", head)[0]))  # noqa: S301  # from the parent
        try:
            facts, values = worker.answer(request)
        except RefusedError as error:
            facts, values = {"refused": str(error)}, _NOTHING
        data = values if isinstance(values, bytes) else np.ascontiguousarray(values, np.float64).tobytes()
        text = json.dumps(facts).encode()
        answers.write(struct.pack(_HEAD, _MARK, len(text), len(data)) + text + data)
        answers.flush()


if __name__ == "__main__":
    serve(Worker())
