"""`btassets demo`: its options and examples."""

from btassets.cli import options
from btassets.cli.options import Amount, FilePath, Whole, Word, option
from btassets.cli.program import declare

command = declare(
    "demo",
    "btassets.cli.actions.run:command_demo",
    [
        option("--book", type=FilePath(), metavar="DIR", help="Folder of the book (default: .btassets/demo)."),
        option("--preset", type=Word(("demo", "null", "edge")), help="Planted edge (default: demo, a small one)."),
        option("--tickers", type=Whole(1, 100_000), metavar="N", help="Number of tickers (default: 60; edge: 150)."),
        option("--years", type=Amount(), metavar="N", help="Length in years (default: 5)."),
        option(
            "--seed",
            type=Whole(0, 2**31 - 1),
            metavar="N",
            help=("Seed of the random numbers; another seed is another market."),
        ),
        option("--extend", type=Whole(0, 2520), metavar="N", help="Append N sessions to the market."),
        *options.work(),
    ],
    more="The tickers SYN0001, SYN0002 ... are random numbers: their results describe no real market.",
    examples=["btassets demo", "btassets demo --preset null --tickers 100 --years 8"],
)
