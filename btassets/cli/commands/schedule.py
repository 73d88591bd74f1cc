"""`btassets schedule`: its options and examples."""

import argparse
from typing import Any

import click

from btassets.cli import options
from btassets.cli.options import Word, argument, option
from btassets.cli.program import declare


def switch(**values: Any) -> int:
    """Turn the schedule on or off, or print its state."""
    from btassets.cli.actions.schedule import command_schedule

    return command_schedule(argparse.Namespace(**values))


command: click.Command = declare(
    "schedule",
    "btassets.cli.commands.schedule:switch",
    [
        argument("action", type=Word(("on", "off", "status")), metavar="on|off|status", help="Action."),
        options.book(),
        option("--install", is_flag=True, help="With on: also write the unit or crontab line; with off: remove it."),
    ],
    examples=["btassets schedule on --install", "btassets schedule status"],
)
