"""`btassets compare`: its options and examples."""

from btassets.cli import options
from btassets.cli.options import argument
from btassets.cli.program import declare

command = declare(
    "compare",
    "btassets.cli.actions.compare:command_compare",
    [
        argument("first", metavar="A", help="A scenario that has been run; base: the book's own settings."),
        argument("second", metavar="B", help="Another one."),
        options.book(),
        options.layout("table", "json"),
        options.open_page("page"),
        options.no_wait(),
    ],
    more="Differences are B minus A.",
    examples=["btassets compare base strict", "btassets compare base legacy --format json"],
)
