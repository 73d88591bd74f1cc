"""`btassets init`: its options and examples."""

from btassets.cli import options
from btassets.cli.options import FilePath, Word, argument, option
from btassets.cli.program import declare
from btassets.settings.source_kinds import KIND_NAMES

command = declare(
    "init",
    "btassets.cli.actions.books:command_init",
    [
        argument("folder", type=FilePath(), metavar="DIR", help="Folder of the new book."),
        option("--source", type=Word(KIND_NAMES), default="demo", help="Source of the bars (default: demo)."),
        option("--path", metavar="PATH", help="Folder of bars, one file per ticker, or one long file (source files)."),
        option("--benchmark", metavar="FILE|TICKER", help="Benchmark; none: no comparisons."),
        option("--calendar", metavar="CODE", help="Exchange code such as XNYS; data: the union of the bars' dates."),
        option(
            "--basis", type=Word(("raw", "split", "total")), help=("Price adjustments included in the source's prices.")
        ),
        options.profile("Named set of method switches (default: standard)."),
    ],
    examples=[
        "btassets init mybook --source files --path ~/bars --benchmark SPY",
        "btassets init vendorbook --source tiingo --benchmark SPY",
    ],
)
