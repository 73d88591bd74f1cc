"""`python -m btassets.instance.processes.keeper`: ends what `btassets ui` started when `ui` itself was killed.

Belongs here: a process that waits for the end of its standard input. `ui` writes a line for each process group that it
starts (`+PID`) and for each that it has stopped itself (`-PID`); when the pipe closes, for any reason, the remaining
groups are terminated, and killed after a few seconds.

It imports nothing of Dagster: it costs 10 MB and no time.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterable

GRACE_SECONDS = 3.0
_POLL_SECONDS = 0.05


def main() -> None:
    """Wait for the pipe to close, then end the groups."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end_groups(groups_left(sys.stdin))


def groups_left(lines: Iterable[str]) -> list[int]:
    """Process groups started and not stopped, newest first.

    >>> groups_left(["+10", "+11", "-10", "+12"])
    [12, 11]
    """
    known: dict[int, None] = {}
    for line in lines:
        pid = int(line[1:])
        if line.startswith("+"):
            known[pid] = None
        else:
            known.pop(pid, None)
    return list(known)[::-1]


def end_groups(groups: list[int], grace_seconds: float = GRACE_SECONDS) -> None:
    """Terminate process groups, wait, and kill the remaining ones."""
    deadline = time.monotonic() + grace_seconds
    for group in groups:
        _signal(group, signal.SIGTERM)
    while time.monotonic() < deadline and any(_signal(group, 0) for group in groups):
        time.sleep(_POLL_SECONDS)
    for group in groups:
        _signal(group, signal.SIGKILL)


def _signal(group: int, number: int) -> bool:
    """Signal a group; False if none of it is left."""
    with contextlib.suppress(PermissionError):
        try:
            os.killpg(group, number)
        except ProcessLookupError:
            return False
    return True


if __name__ == "__main__":
    main()
