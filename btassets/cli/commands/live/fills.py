"""`btassets fills`: its options and examples."""

from btassets.cli import options
from btassets.cli.options import argument
from btassets.cli.program import declare

command = declare(
    "fills",
    "btassets.cli.actions.account_fills:command_fills",
    [
        argument("file", type=options.FilePath(), required=False, metavar="[FILE]", help="CSV file of a broker."),
        options.book(),
        options.layout(),
    ],
    more="Without FILE it prints what was imported before. Columns are recognized by their usual names; "
    "[fills.columns] names others. A row that was imported before is not added again, and a row that is no fill is "
    "listed with the reason.",
    examples=["btassets fills trades.csv", "btassets fills --format json"],
)
