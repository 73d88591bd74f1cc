"""`btassets compare`: its options and examples."""

import click

from btassets.cli import options
from btassets.cli.program import declare

command = declare(
    "compare",
    "btassets.cli.compare:command_compare",
    [
        click.Argument(["first"], metavar="A"),
        click.Argument(["second"], metavar="B"),
        options.book(),
        options.layout("table", "json"),
        options.open_page("page"),
        options.no_wait(),
    ],
    more="A and B are scenarios that were run; base is the book's own settings. Differences are B minus A.",
    examples=["btassets compare base strict", "btassets compare base legacy --format json"],
)
