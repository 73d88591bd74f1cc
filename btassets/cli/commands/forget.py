"""`btassets forget`: its options and examples."""

from btassets.cli import options
from btassets.cli.options import argument
from btassets.cli.program import declare

command = declare(
    "forget",
    "btassets.cli.actions.forget:command_forget",
    [argument("tickers", nargs=-1, required=True, metavar="TICKER...", help="Tickers to forget."), options.book()],
    more="For tickers that left the source. A ticker that the source still lists is read again by the next run, "
    "unless universe.exclude names it.",
    examples=["btassets forget OLDCO", "btassets forget OLDCO BRK.B"],
)
