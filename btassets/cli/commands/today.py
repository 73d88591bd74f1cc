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
        option(
            "--capital",
            type=Amount(),
            metavar="USD",
            help="Capital for the sizes of the list (default: equity of the account, else 10000).",
        ),
        option("--cash", type=Amount(), metavar="USD", help="Cash of the account instead of holdings.cash."),
        option("--orders", type=options.FilePath(), metavar="F.csv", help="Write the account's orders as CSV."),
        option("--why", "is_explained", is_flag=True, help="Show votes, conflicts and targets of each setup."),
        option("--signal-day", is_flag=True, help="List the last week end instead of the last session."),
        options.max_age(),
        options.scenario(),
    ],
    more="With [holdings] in the settings it also prints the account: exits that are due, free slots and cash, and "
    "which setups to buy in order, in whole shares.",
    examples=[
        "btassets today --capital 50000",
        "btassets today --why",
        "btassets today --format csv --max-age 1",
        "btassets today --cash 2500 --orders orders.csv",
    ],
)
