"""`btassets ui`: its options and examples."""

import argparse
from typing import Any

import click

from btassets.cli import options
from btassets.cli.options import Whole, option
from btassets.cli.program import declare


def start(**values: Any) -> int:
    """Start the page."""
    from btassets.cli.actions.ui import command_ui

    return command_ui(argparse.Namespace(**values))


command: click.Command = declare(
    "ui",
    "btassets.cli.commands.ui:start",
    [
        options.book(),
        option("--port", type=Whole(1, 65_534), default=3000, metavar="N", help="Port of the page; reports on N+1."),
        option("--no-page", is_flag=True, help="Run the daemon only: schedule and sensors, no page."),
    ],
    more="Ctrl-C stops every process it started.",
    examples=["btassets ui", "btassets ui --book mybook --port 3100"],
)
