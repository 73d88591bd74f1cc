"""A folder whose path leaves room for a socket: the system takes 107 bytes, and temporary folders may be long.

Belongs here: finding and making it. Does not belong here: what listens there.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from btassets.errors import UsageError

MAX_SOCKET_BYTES = 107
_NAME_BYTES = 48
"""Of a folder and a socket in it, with a margin."""

_SHORT = ("/run/user/{user}", "/tmp", "/var/tmp", "/dev/shm")  # noqa: S108  (each folder is made by mkdtemp)


def is_short(folder: str) -> bool:
    """Whether sockets can have their place in a folder below this one.

    >>> is_short("/tmp"), is_short("/" + 100 * "x")
    (True, False)
    """
    return len(os.fsencode(folder)) + _NAME_BYTES <= MAX_SOCKET_BYTES


def socket_root() -> str:
    """The temporary folder, or a shorter one that this user may write to.

    Raises
    ------
    UsageError
        When there is none.
    """
    given = tempfile.gettempdir()
    places = [given, *(place.format(user=os.getuid()) for place in _SHORT)]
    found = next((p for p in places if is_short(p) and Path(p).is_dir() and os.access(p, os.W_OK | os.X_OK)), None)
    if found is None:
        problem = f"TMPDIR {given}: a socket below it would have a path of more than {MAX_SOCKET_BYTES} bytes"
        raise UsageError(problem, "set TMPDIR to a folder with a short path.")
    return found


@contextmanager
def socket_folder(prefix: str) -> Iterator[Path]:
    """A new folder for sockets that only this user may enter, deleted at the end."""
    with tempfile.TemporaryDirectory(prefix=prefix, dir=socket_root()) as name:
        yield Path(name)
