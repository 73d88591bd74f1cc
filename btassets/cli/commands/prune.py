"""`btassets prune`: its options and examples."""

from btassets.cli import options
from btassets.cli.options import Whole, option
from btassets.cli.program import declare

command = declare(
    "prune",
    "btassets.cli.actions.prune:command_prune",
    [
        options.book(),
        option(
            "--keep-runs", type=Whole(0, 1_000_000), default=30, metavar="N", help="Newest runs kept (default: 30)."
        ),
        option("--keep-days", type=Whole(0, 36_500), default=90, metavar="N", help="Days kept in full (default: 90)."),
        option("--dry-run", is_flag=True, help="Only print the number of runs."),
    ],
    more="`storage.keep_reports` and `storage.keep_sweeps` limit reports and sweeps.",
    examples=["btassets prune --keep-runs 50 --dry-run"],
)
