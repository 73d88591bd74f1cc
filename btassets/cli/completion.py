"""Shell completion.

Belongs here: the scripts loaded by a shell, and answers to its completion requests. Does not belong here: the
completions of an option (the options themselves).
"""

import os
from collections.abc import Mapping

from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete, shell_complete

from btassets.cli.program import PROGRAM, program
from btassets.cli.terminal import say

VARIABLE = "_BTASSETS_COMPLETE"
"""Environment variable used by a shell's completion function."""


class _Bash(BashComplete):
    """Click's bash script without starting bash to query its version."""

    @staticmethod
    def _check_version() -> None:
        """Print the script even if bash itself is not installed."""


_SHELLS: dict[str, type[ShellComplete]] = {"bash": _Bash, "zsh": ZshComplete, "fish": FishComplete}


def command_completion(*, shell: str) -> int:
    """Print the completion script of `btassets`."""
    say(_SHELLS[shell](program(), {}, PROGRAM, VARIABLE).source().strip())
    return 0


def is_asked(environ: Mapping[str, str]) -> bool:
    """Whether a shell requests completions."""
    return VARIABLE in environ


def answer() -> int:
    """Answer the shell's request."""
    return shell_complete(program(), {}, PROGRAM, VARIABLE, os.environ[VARIABLE])
