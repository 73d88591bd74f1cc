"""Captured stdout and stderr of steps, stored for the run's page and shown on the terminal.

Belongs here: the one storage class named by `dagster.yaml`. Dagster's own starts four processes per step to copy a file
to the terminal; here a thread copies. Files and folders are Dagster's.
"""

import io
import os
import select
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from dagster._core.storage.compute_log_manager import CapturedLogContext, ComputeIOType
from dagster._core.storage.local_compute_log_manager import IO_TYPE_EXTENSION, LocalComputeLogManager
from dagster._serdes import ConfigurableClassData

from btassets.masking import mask_known, masked_bytes

_CHUNK = 1 << 16
_LONGEST_LINE = 1 << 20


class TeeComputeLogManager(LocalComputeLogManager):
    """Dagster's local log files, filled by a thread of the step's own process."""

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "TeeComputeLogManager":
        """Manager named by `dagster.yaml`."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def capture_logs(self, log_key: Sequence[str]) -> Iterator[CapturedLogContext]:
        """Copy both streams to the files of `log_key` while the block runs."""
        out = self.get_captured_local_path(log_key, IO_TYPE_EXTENSION[ComputeIOType.STDOUT])
        err = self.get_captured_local_path(log_key, IO_TYPE_EXTENSION[ComputeIOType.STDERR])
        with _tee(sys.stdout, Path(out)), _tee(sys.stderr, Path(err)):
            yield CapturedLogContext(log_key)
        done = Path(self.complete_artifact_path(log_key))
        done.parent.mkdir(parents=True, exist_ok=True)
        done.touch()


def _descriptor(stream: TextIO) -> int | None:
    try:
        return stream.fileno()
    except (AttributeError, ValueError, io.UnsupportedOperation):
        return None  # a stand-in used by tests


@contextmanager
def _tee(stream: TextIO, path: Path) -> Iterator[None]:
    """Duplicate everything written to a stream's descriptor to `path` and its original target."""
    path.parent.mkdir(parents=True, exist_ok=True)
    target = _descriptor(stream)
    if target is None:
        path.touch()
        yield
        return
    stream.flush()
    before, (reading, writing) = os.dup(target), os.pipe()
    is_over, over = os.pipe()
    with path.open("ab", buffering=0) as file:
        copier = threading.Thread(target=_copy, args=(reading, is_over, file.fileno(), before), daemon=True)
        copier.start()
        os.dup2(writing, target)
        os.close(writing)
        try:
            yield
        finally:
            stream.flush()
            os.dup2(before, target)
            # Not the pipe's end: a process started meanwhile may still hold its other side.
            os.close(over)
            copier.join()
            for descriptor in (reading, is_over, before):
                os.close(descriptor)


def _copy(reading: int, is_over: int, file: int, before: int) -> None:
    """Copy until every writer has closed, or the block has ended and the pipe is empty; masks secrets.

    The terminal gets the bytes at once, except an end that may begin a secret; the file gets whole lines, in which URLs
    and named values are masked as well.
    """
    held = line = b""
    while True:
        ready, _, _ = select.select([reading, is_over], [], [])
        data = os.read(reading, _CHUNK) if reading in ready else b""
        if not data:
            _write(before, held)
            _write(file, masked_bytes(line))
            return
        held, n_back = mask_known(held + data)
        _write(before, held[: len(held) - n_back])
        held = held[len(held) - n_back :]
        line += data
        end = max(line.rfind(b"\n"), line.rfind(b"\r")) + 1
        if end or len(line) > _LONGEST_LINE:
            end = end or len(line)
            _write(file, masked_bytes(line[:end]))
            line = line[end:]


def _write(target: int, data: bytes) -> None:
    try:
        while data:
            data = data[os.write(target, data) :]
    except OSError:
        return  # a closed terminal, a full disk: a step must not fail because of its log
