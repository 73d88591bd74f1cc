"""`btassets grade`: its options and examples."""

from btassets.cli import options
from btassets.cli.options import FilePath, option
from btassets.cli.program import declare

command = declare(
    "grade",
    "btassets.cli.actions.grade:command_grade",
    [
        option("--candidates", type=FilePath(), required=True, metavar="F", help="Parquet or CSV table of setups."),
        option("--bars", type=FilePath(), required=True, metavar="DIR", help="Folder of bars, one file per ticker."),
        option("--benchmark", type=FilePath(), metavar="F", help="File of the benchmark's bars."),
        options.profile("Named set of method switches (default: standard).", default="standard"),
        option("--activation", type=FilePath(), metavar="F", help="JSON object with values of the [gates] settings."),
        option("--out", type=FilePath(), required=True, metavar="F.json", help="File for the report as JSON."),
        option("--out-rows", type=FilePath(), metavar="F.parquet", help="File for the graded rows as Parquet."),
        option(
            "--page",
            type=FilePath(),
            metavar="F.html",
            help="File for the report as a page; its curves and trades are in --out, too.",
        ),
        options.assignments(),
    ],
    more="The table needs ticker, asof_date (or date), direction, entry, stop and target. No book is read or created.",
    examples=[
        "btassets grade --candidates setups.csv --bars ~/bars --benchmark ~/bars/SPY.csv --out graded.json",
        "btassets grade --candidates setups.csv --bars ~/bars --out graded.json --page graded.html",
    ],
)
