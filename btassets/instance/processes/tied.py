"""Ends a child process with its parent.

Belongs here: what a program that `btassets ui` starts does first. Does not belong here: ending the
processes that such a program starts itself (`btassets.instance.processes.keeper`).
"""

import ctypes
import os
import signal
import sys

PARENT = "BTASSETS_UI_PROCESS"
"""Environment variable with the process id of `btassets ui`, in its direct children."""

_PR_SET_PDEATHSIG = 1


def tie_to_parent() -> None:
    """Ask the kernel to kill this process when its parent ends in any way; ends at once if it has ended already.

    On systems without this feature (not Linux), only the keeper does so.
    """
    parent = os.environ.get(PARENT)
    if parent is None or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(parent):
        os._exit(0)
