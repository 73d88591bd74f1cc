"""Shell completion.

Belongs here: the scripts that a shell loads, and answering what a shell asks. Does not belong here: what can be
completed (the options themselves).
"""

import os
from collections.abc import Mapping

from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete, shell_complete

from btassets.cli.program import PROGRAM, program
from btassets.cli.terminal import say

VARIABLE = "_BTASSETS_COMPLETE"
"""Environment variable by which a shell's completion function asks."""


class _Bash(BashComplete):
    """Click's bash script without starting bash to ask its version."""

    @staticmethod
    def _check_version() -> None:
        """Print the script also where bash itself is not installed."""


_SHELLS: dict[str, type[ShellComplete]] = {"bash": _Bash, "zsh": ZshComplete, "fish": FishComplete}


def command_completion(*, shell: str) -> int:
    """Print the script that teaches a shell to complete `btassets`."""
    say(_SHELLS[shell](program(), {}, PROGRAM, VARIABLE).source().strip())
    return 0


def is_asked(environ: Mapping[str, str]) -> bool:
    """Whether a shell asks for completions."""
    return VARIABLE in environ


def answer() -> int:
    """Answer the shell that asks."""
    return shell_complete(program(), {}, PROGRAM, VARIABLE, os.environ[VARIABLE])
