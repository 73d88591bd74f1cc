"""`btassets export`: its options and examples."""

import click
from click.shell_completion import CompletionItem

from btassets.cli import options
from btassets.cli.options import Word, argument, option
from btassets.cli.program import declare


def _tables(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from btassets.cli.actions.look import known_tables

    return [CompletionItem(name) for name in known_tables() if name.startswith(incomplete)]


command = declare(
    "export",
    "btassets.cli.actions.look:command_export",
    [
        argument("table", metavar="TABLE", help="Name of the table.", shell_complete=_tables),
        options.book(),
        options.out("File to write; its suffix selects the format.", required=True),
        option("--grid", type=Word(("week", "bar", "all")), default="all", help="Rows of candidates (default: all)."),
        options.profile("Rows of candidates on the grid of that profile."),
        options.scenario(),
    ],
    examples=[
        "btassets export candidates --grid week --out candidates.parquet",
        "btassets export gate_sweep --scenario strict --out gate_sweep.csv",
    ],
)
