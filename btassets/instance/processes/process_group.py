"""The processes of `btassets ui` as one group: started, logged, monitored, stopped together.

Belongs here: starting programs of ours so that nothing outlives the command, however it ends, and what
they write. Does not belong here: which programs there are (`btassets.cli.actions.ui`).

Three things end a process: `stop`; the keeper, when this process was killed; and the kernel, for the
direct children (`btassets.instance.processes.tied`). This process relays their output: it masks
secrets, and truncates the log when it grows.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from btassets.instance.processes.tied import PARENT
from btassets.masking import masked_bytes

EXIT_OTHER_DAEMON = 75
"""Exit code of the daemon's program if the book already has a daemon."""

_LOG_BYTES = 10_000_000
_STOP_SECONDS = 10.0


class Processes:
    """Programs that run while this object is used as a context.

    Parameters
    ----------
    folder
        Working folder of the programs.
    log
        File for their output; above 10 MB it is renamed to `*.old.log`.
    environ
        Environment beside this process's own.
    """

    def __init__(self, folder: Path, log: Path, environ: Mapping[str, str]) -> None:
        self._folder, self._log = folder, log
        self._environ = {**os.environ, **environ, PARENT: str(os.getpid())}
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._log_lock = threading.Lock()
        self._keeper: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Processes":
        """Start the keeper, which ends the others if this process is killed."""
        self._keeper = subprocess.Popen(
            [sys.executable, "-m", "btassets.instance.processes.keeper"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop everything."""
        self.stop()

    def start(
        self, name: str, module: str, words: Sequence[str], environ: Mapping[str, str] | None = None, *fds: int
    ) -> subprocess.Popen[bytes]:
        """Start `python -m module` in its own session, so that one signal also reaches its children.

        Parameters
        ----------
        name
            Display name.
        fds
            Open files passed to the program under the same numbers.
        """
        child = subprocess.Popen(  # noqa: S603  (our own interpreter and modules)
            [sys.executable, "-m", module, *words],
            env={**self._environ, **(environ or {})},
            cwd=self._folder,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=fds,
        )
        self._tell_keeper(f"+{child.pid}")
        self._children[name] = child
        threading.Thread(target=self._copy, args=(child.stdout,), daemon=True).start()
        return child

    def forget(self, name: str) -> None:
        """Stop monitoring an ended program."""
        child = self._children.pop(name)
        self._tell_keeper(f"-{child.pid}")

    def ended(self) -> tuple[str, int] | None:
        """Name and exit code of an ended program; None while all run."""
        for name, child in self._children.items():
            code = child.poll()
            if code is not None:
                return name, code
        return None

    def stop(self) -> None:
        """Stop the newest program first; kill the rest of a group after some seconds."""
        deadline = time.monotonic() + _STOP_SECONDS
        # The code server waits for its clients, so it is started first and stopped last.
        for child in reversed(self._children.values()):
            _signal_group(child, signal.SIGTERM)
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal_group(child, signal.SIGKILL)
        for child in self._children.values():
            _signal_group(child, signal.SIGKILL)
            child.wait()
            self._tell_keeper(f"-{child.pid}")
        self._children.clear()
        if self._keeper is not None and self._keeper.stdin is not None:
            self._keeper.stdin.close()
            self._keeper.wait()
            self._keeper = None

    def _tell_keeper(self, line: str) -> None:
        if self._keeper is not None and self._keeper.stdin is not None:
            try:
                self._keeper.stdin.write(f"{line}\n".encode())
                self._keeper.stdin.flush()
            except BrokenPipeError:
                return  # the keeper was killed: the kernel still ends the direct children

    def _copy(self, output: IO[bytes]) -> None:
        """Append a program's output to the log until it and all its children have closed it."""
        for line in output:
            with self._log_lock:
                try:
                    if self._log.exists() and self._log.stat().st_size > _LOG_BYTES:
                        self._log.replace(self._log.with_suffix(".old.log"))
                    with self._log.open("ab") as file:
                        file.write(masked_bytes(line))
                except OSError:
                    continue  # a full disk: the programs continue without their log


def _signal_group(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(child.pid, number)
    except ProcessLookupError:
        return
