"""`btassets null-market`: its options and examples."""

from btassets.cli import options
from btassets.cli.options import Whole, option
from btassets.cli.program import declare

command = declare(
    "null-market",
    "btassets.cli.actions.null_market:command_null_market",
    [
        options.book(),
        option("--k", type=Whole(1, 999), default=19, metavar="N", help="Versions of the market (default: 19)."),
        options.scenario("Scenario whose results are compared (default: base)."),
        options.layout("table", "json"),
        *options.work(),
    ],
    more="Versions that exist are kept; an interrupted call continues.",
    examples=["btassets null-market", "btassets null-market --k 99 --format json"],
)
