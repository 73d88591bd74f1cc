"""Atomic files: a reader sees the old content or the new one, never a part.

Belongs here: temporary name, flush, rename, operating-system errors as `CannotWriteError`, and sweeping files left by
killed runs. Does not belong here: the content of the files, and its integrity (`sealed.py`).
"""

import errno
import json
import os
import platform
import secrets
import shutil
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from btassets.errors import CannotWriteError

_TEMPORARY = ".tmp-"
_FOREIGN_SECONDS = 7 * 86_400.0
"""Age at which another host's temporary file is swept, because its process cannot be checked from here."""

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the file system is read-only",
    errno.EMFILE: "too many open files in this process (see `ulimit -n`)",
    errno.ENFILE: "too many open files on this machine",
    errno.EIO: "the disk reports an input/output error",
    errno.ENAMETOOLONG: "the name is too long for this file system",
}


def system_reason(error: OSError) -> str:
    """Text of an operating-system error, without the path."""
    return _REASONS.get(error.errno or 0) or (error.strerror or str(error)).lower()


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an operating-system error while writing below `path` into `CannotWriteError`."""
    try:
        yield
    except OSError as error:
        raise CannotWriteError(str(path), system_reason(error)) from error


@cache
def _host() -> str:
    """Host id in temporary names: a folder may be shared, and process ids are per host."""
    return f"h{zlib.crc32(platform.node().encode()):08x}"


def temporary_path(path: Path) -> Path:
    """Unique name beside `path`, recognized by `sweep` once this process has ended."""
    unique = f"{_TEMPORARY}{_host()}-{os.getpid()}-{secrets.token_hex(4)}-"
    # The suffix must stay; the middle of a long name may be dropped.
    name = path.name if len(path.name.encode()) <= 200 else path.name[-50:]
    return path.with_name(unique + name)


def replace_file(path: Path, write: Callable[[Path], Any], *, is_durable: bool = False) -> None:
    """Call `write` with a temporary file beside `path`, then rename it over `path`.

    Parameters
    ----------
    is_durable
        Flush the file before the rename and its folder after it, so that a power failure leaves the old content or the
        new one: for data that cannot be rebuilt.

    Raises
    ------
    CannotWriteError
        If the system rejects it; the file at `path` is unchanged.
    """
    with writing(path):
        is_new_folder = not path.parent.is_dir()
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = temporary_path(path)
        try:
            write(temporary)
            if is_durable:
                _flush(temporary)
            temporary.replace(path)
        finally:
            _remove(temporary)
        if is_durable:
            _flush(path.parent)
            if is_new_folder:
                _flush(path.parent.parent)


def _flush(path: Path) -> None:
    """Flush a file or folder to disk."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _remove(temporary: Path) -> None:
    """Delete a temporary file; an error here must not hide the original one."""
    try:
        temporary.unlink(missing_ok=True)
    except OSError:
        return  # `sweep` deletes it once this process has ended


def replace_text(path: Path, text: str, *, is_durable: bool = False) -> None:
    """Write `text` to `path` atomically, UTF-8."""
    replace_file(path, lambda temporary: temporary.write_text(text, encoding="utf-8"), is_durable=is_durable)


def replace_json(path: Path, value: Any) -> None:
    """Write `value` to `path` atomically as JSON; NaN is refused, missing values are null."""
    replace_text(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def sweep(root: Path, *, is_deep: bool = True) -> int:
    """Delete temporary files and folders of dead writers, below `root` or directly in it; returns their number.

    Those of another host are deleted when they are a week old.
    """
    n_swept = 0
    for path in [*(root.rglob(f"{_TEMPORARY}*") if is_deep else root.glob(f"{_TEMPORARY}*"))]:
        if _is_abandoned(path):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                _remove(path)
            n_swept += 1
    return n_swept


def _is_abandoned(path: Path) -> bool:
    host, _, rest = path.name[len(_TEMPORARY) :].partition("-")
    # Version 0.1.0 used the process id alone.
    host, pid = (_host(), host) if host.isdigit() else (host, rest.partition("-")[0])
    if not pid.isdigit():
        return False
    if host == _host():
        return not _is_alive(int(pid))
    try:
        return time.time() - path.stat().st_mtime > _FOREIGN_SECONDS
    except OSError:
        return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
