"""The command line as lazily loaded click commands.

Belongs here: the group, the form of a command's declaration, and its help. Does not belong here: the options of
a command (`btassets.cli.commands`), what a command does (`btassets.cli.actions`).
"""

import difflib
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from btassets import __version__
from btassets.cli.commands import COMMANDS, module_of

PROGRAM = "btassets"
ABOUT = "Backtest research on daily bars: does the ranking predict, what qualifies today, what should change?"

_SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class CommandGroup(click.Group):
    """All commands by name; a command's module is imported on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of first use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command; None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        return importlib.import_module(module_of(cmd_name)).command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; an unknown name is refused with the nearest existing one."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            problem = f"no such command: {cut(name)}"
            raise click.UsageError(f"{problem}; {did_you_mean(name, COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def program() -> CommandGroup:
    """The program `btassets`."""
    version = click.Option(
        ["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print the version."
    )
    return CommandGroup(
        PROGRAM,
        params=[version],
        help=ABOUT,
        epilog="Each command explains its options and shows an example: btassets COMMAND --help.",
        context_settings=_SETTINGS,
        subcommand_metavar="COMMAND ...",
    )


def _version(ctx: click.Context, _option: click.Parameter, value: bool) -> None:  # noqa: FBT001  (click's signature)
    if value and not ctx.resilient_parsing:
        sys.stdout.write(f"{PROGRAM} {__version__}\n")
        ctx.exit()


def declare(
    name: str, body: str, params: Sequence[click.Parameter], *, more: str = "", examples: Sequence[str] = ()
) -> click.Command:
    """Declare one command.

    Parameters
    ----------
    name
        Its name, a key of `COMMANDS`.
    body
        `module:function` that does the work; imported when the command runs. It takes the values of `params` by keyword
        and returns the exit code.
    params
        Arguments and options.
    more
        Additional help below the line of `COMMANDS`.
    examples
        Command lines shown at the end of its help.
    """
    shown = "\n".join(f"  {line}" for line in examples)
    return click.Command(
        name,
        callback=_lazy(body),
        params=list(params),
        help=COMMANDS[name] + (f"\n\n{more}" if more else ""),
        epilog=f"\b\nExamples:\n{shown}" if shown else None,
        context_settings=_SETTINGS,
    )


def _lazy(body: str) -> Callable[..., int]:
    module, _, function = body.partition(":")

    def run(**values: Any) -> int:
        return getattr(importlib.import_module(module), function)(**values)

    return run


def did_you_mean(word: str, known: Mapping[str, Any] | Sequence[str], otherwise: str = "") -> str:
    """Advice with the nearest known word.

    >>> did_you_mean("rnu", ["run", "sql"])
    'did you mean run?'
    >>> did_you_mean("x", ["run", "sql"])
    'known: run, sql.'
    """
    near = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else otherwise or f"known: {', '.join(known)}."


def cut(text: str, most: int = 80) -> str:
    """Text for a message: at most `most` characters, the rest is counted.

    >>> cut("9" * 5000, 20)
    '99999999999999999999... (5,000 characters)'
    """
    return text if len(text) <= most else f"{text[:most]}... ({len(text):,} characters)"
