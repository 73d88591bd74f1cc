"""A child process with one source of own signals: starting it, asking it, and the meaning of its silence.

Belongs here: the pipe, the environment of the child, the limits of time. Does not belong here: the child's side
(`child.py`), which rows are asked for (`evaluate.py`).
"""

import json
import os
import pickle
import select
import signal
import struct
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from btassets.compiled import cache_folder
from btassets.errors import BtassetsError
from btassets.own.discover import OwnSource

_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "VIRTUAL_ENV", "PYTHONPATH", "NUMBA_DISABLE_JIT", "LD_LIBRARY_PATH")
_ROOT = str(Path(__file__).resolve().parents[2])

_HEAD, _MARK = "<8sQQ", b"btassets"
"""Beginning of an answer (`child.py`): a mark, and the lengths of both parts."""

PATIENCE = 10.0
"""Wall-clock time allowed per second of processor time: the machine may be busy."""

LOAD_SECONDS = 60.0
"""Processor time allowed for importing a source."""


@dataclass(eq=False)
class OwnSignalError(BtassetsError):
    """Own code that gives no values; only its signal is left out."""

    problem: str
    is_slow: bool = False

    def __str__(self) -> str:
        return self.problem


class OwnProcess:
    """One child process; a context manager.

    Parameters
    ----------
    source
        The file or module that it loads.
    module
        Module that answers in the child.
    """

    def __init__(self, source: OwnSource, module: str = "btassets.own.child") -> None:
        self.source = source
        env = {name: os.environ[name] for name in _KEPT if name in os.environ}
        env["PYTHONPATH"] = os.pathsep.join(filter(None, [_ROOT, env.get("PYTHONPATH")]))
        env["NUMBA_CACHE_DIR"] = str(cache_folder())  # compiled code of the engine, which own code may call
        env |= {"PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self._child = subprocess.Popen(  # noqa: S603  # a module of this package
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=env,
            start_new_session=True,
        )

    def __enter__(self) -> "OwnProcess":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            with suppress(BrokenPipeError):  # what was written for a process that has died
                if pipe is not None:
                    pipe.close()

    def load(self) -> list[dict[str, Any]]:
        """Load the source; returns its signals.

        Raises
        ------
        OwnSignalError
            If it cannot be imported.
        """
        return self.declared()["signals"]

    def declared(self) -> dict[str, list[dict[str, Any]]]:
        """Load the source; returns what it declares: `signals` and `rules`.

        Raises
        ------
        OwnSignalError
            If it cannot be imported.
        """
        return self.ask(self.source.request(), LOAD_SECONDS, f"importing {self.source.name}")[0]

    def ask(self, request: dict[str, Any], seconds: float, what: str) -> tuple[dict[str, Any], npt.NDArray[np.float64]]:
        """Answer of the child.

        Parameters
        ----------
        seconds
            Processor time that the child may take.
        what
            Subject of the request, for the message.

        Raises
        ------
        OwnSignalError
            If own code was refused, took longer, or ended the process.
        """
        facts, data = self.ask_bytes(request, seconds, what)
        return facts, np.frombuffer(data, np.float64)

    def ask_bytes(self, request: dict[str, Any], seconds: float, what: str) -> tuple[dict[str, Any], bytes]:
        """Answer of the child whose second part is no array; otherwise as `ask`."""
        text = pickle.dumps({**request, "seconds": seconds}, protocol=pickle.HIGHEST_PROTOCOL)
        try:
            assert self._child.stdin is not None  # noqa: S101
            self._child.stdin.write(struct.pack("<Q", len(text)) + text)
            self._child.stdin.flush()
        except BrokenPipeError:
            raise self._ended(what, seconds) from None
        mark, *sizes = struct.unpack(_HEAD, self._read(struct.calcsize(_HEAD), what, seconds))
        if mark != _MARK:
            self._child.kill()
            raise OwnSignalError(f"{what}: it wrote into a pipe of its process; own code writes no file")
        facts = json.loads(self._read(sizes[0], what, seconds))
        data = self._read(sizes[1], what, seconds)
        if "refused" in facts:
            raise OwnSignalError(facts["refused"])
        return facts, data

    def _read(self, n: int, what: str, seconds: float) -> bytes:
        assert self._child.stdout is not None  # noqa: S101
        pipe, parts = self._child.stdout.fileno(), list[bytes]()
        while n:
            if not select.select([pipe], [], [], seconds * PATIENCE)[0]:
                self._child.kill()
                raise OwnSignalError(_too_slow(what, seconds), is_slow=True)
            part = os.read(pipe, n)
            if not part:
                raise self._ended(what, seconds)
            parts.append(part)
            n -= len(part)
        return b"".join(parts)

    def _ended(self, what: str, seconds: float) -> OwnSignalError:
        code = self._child.wait()
        if code == -signal.SIGPROF:
            return OwnSignalError(_too_slow(what, seconds), is_slow=True)
        how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        return OwnSignalError(f"{what}: its process ended {how}")


def _too_slow(what: str, seconds: float) -> str:
    return f"{what} took more than {seconds:g} s; make it faster, or raise the limit in [own]"
