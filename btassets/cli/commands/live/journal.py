"""`btassets journal`: its options and examples."""

from btassets.cli import options
from btassets.cli.options import option
from btassets.cli.program import declare

command = declare(
    "journal",
    "btassets.cli.actions.shown_journal:command_journal",
    [
        options.book(),
        option("--since", metavar="YYYY-MM-DD", help="First as-of date (default: all)."),
        options.layout(),
        option(
            "--backfill",
            is_flag=True,
            help="Add lists of past weeks by the current bars and settings, marked as such, and print those alone.",
        ),
        options.scenario(),
    ],
    more="A list is written when a run finishes today's list, and never again. The verdict compares what was shown "
    "with what the backtest said then; replayed lists are not judged.",
    examples=[
        "btassets journal --since 2025-01-01",
        "btassets journal --format csv",
        "btassets journal --backfill --since 2025-06-01",
    ],
)
