"""`btassets today`: its options and examples."""

from btassets.cli import options
from btassets.cli.options import Amount, option
from btassets.cli.program import declare

command = declare(
    "today",
    "btassets.cli.actions.look:command_today",
    [
        options.book(),
        options.layout(),
        option("--capital", type=Amount(), default=10_000.0, metavar="USD", help="Capital for the position sizes."),
        option("--signal-day", is_flag=True, help="List the last week end instead of the last session."),
        options.max_age(),
        options.scenario(),
    ],
    examples=["btassets today --capital 50000", "btassets today --format csv --max-age 1"],
)
