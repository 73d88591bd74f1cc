"""Setups of an own rule at as-of bars of tickers, asked of child processes.

Belongs here: the processes and the requests. Does not belong here: the meaning of the numbers (`setup.py`), grading
(`btassets.engine.replay`), the proof (`rule_proof.py`).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from queue import Empty, LifoQueue
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from btassets.engine.replay.setup_numbers import N_NUMBERS
from btassets.own.own_process import OwnProcess, OwnSignalError
from btassets.own.setups.rule_names import OwnRule
from btassets.own.windows import TickerArrays

_SEND_SECONDS = 60.0


class RuleProcesses:
    """Processes that have loaded a rule, shared by threads; a context manager.

    A process in which the rule failed is replaced: own code may have left it in any state.
    """

    def __init__(self, rule: OwnRule) -> None:
        self.rule = rule
        self._idle: LifoQueue[OwnProcess] = LifoQueue()

    def __enter__(self) -> "RuleProcesses":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                return

    def load(self) -> dict[str, Any]:
        """Facts of the rule as declared.

        Raises
        ------
        OwnSignalError
            If its source cannot be imported or declares no such rule.
        """
        process, words = _started(self.rule)
        self._idle.put(process)
        return words

    def setups(self, arrays: TickerArrays, rows: Sequence[int], *, is_checked: bool = False) -> npt.NDArray[np.float64]:
        """Setups at bars of one ticker, (n_rows, 2, N_NUMBERS): long, short; NaN without one.

        Raises
        ------
        OwnSignalError
            Names file, line, ticker and date.
        """
        with self._process() as process:
            return setups_in(process, self.rule, arrays, rows, is_checked=is_checked)

    @contextmanager
    def _process(self) -> Iterator[OwnProcess]:
        try:
            process = self._idle.get_nowait()
        except Empty:
            process = _started(self.rule)[0]
        try:
            yield process
        except BaseException:
            process.close()
            raise
        self._idle.put(process)


def _started(rule: OwnRule) -> tuple[OwnProcess, dict[str, Any]]:
    if rule.source.problem:
        raise OwnSignalError(rule.source.problem)
    process = OwnProcess(rule.source)
    try:
        declared = process.declared()["rules"]
    except BaseException:
        process.close()
        raise
    words = next((one for one in declared if one["name"] == rule.name), None)
    if words is None:
        process.close()
        raise OwnSignalError(f"{rule.source.name}: declares no setup rule {rule.name} when it is imported")
    return process, words


def setups_in(
    process: OwnProcess, rule: OwnRule, arrays: TickerArrays, rows: Sequence[int], *, is_checked: bool = False
) -> npt.NDArray[np.float64]:
    """Setups at bars of one ticker, asked of a loaded process."""
    if not len(rows):
        return np.empty((0, 2, N_NUMBERS))
    process.ask({"do": "bars", "bars": [arrays], "is_added": False}, _SEND_SECONDS, "sending bars")
    request = {"do": "rule", "rule": rule.name, "ticker": arrays.ticker, "rows": list(rows), "is_checked": is_checked}
    return process.ask(request, rule.seconds, f"{rule.name}: {arrays.ticker}")[1].reshape(-1, 2, N_NUMBERS)
