"""Atomic files: a reader sees the old content or the new one, never a part.

Belongs here: temporary name, flush, rename, and the sweep of what a killed run left. Does not
belong here: what is in the files.
"""

import errno
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from btassets.errors import CannotWriteError

_TEMPORARY = ".tmp-"


def _reason(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return "the disk is full"
    return (error.strerror or str(error)).lower()


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an operating-system refusal to write below `path` into `CannotWriteError`."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.EEXIST) and not isinstance(error, FileNotFoundError | FileExistsError):
            raise
        raise CannotWriteError(str(path), _reason(error)) from error


def temporary_path(path: Path) -> Path:
    """Name beside `path` that no other writer has, and that `sweep` knows once this process is gone."""
    return path.with_name(f"{_TEMPORARY}{os.getpid()}-{secrets.token_hex(4)}-{path.name}")


def replace_file(path: Path, write: Callable[[Path], Any]) -> None:
    """Let `write` fill a temporary file beside `path`, then rename it over `path`.

    Raises
    ------
    CannotWriteError
        When the folder refuses; what stood at `path` stays.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = temporary_path(path)
        try:
            write(temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def replace_text(path: Path, text: str) -> None:
    """Write `text` to `path` atomically, UTF-8."""
    replace_file(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def replace_json(path: Path, value: Any) -> None:
    """Write `value` to `path` atomically as JSON; NaN is refused, missing is null."""
    replace_text(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def sweep(root: Path, *, is_deep: bool = True) -> int:
    """Delete temporary files and folders of writers that no longer live, below `root` or only in it; how many."""
    n_swept = 0
    for path in [*(root.rglob(f"{_TEMPORARY}*") if is_deep else root.glob(f"{_TEMPORARY}*"))]:
        pid = path.name[len(_TEMPORARY) :].split("-", 1)[0]
        if pid.isdigit() and not _is_alive(int(pid)):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
            n_swept += 1
    return n_swept


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
