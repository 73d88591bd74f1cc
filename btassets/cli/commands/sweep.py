"""`btassets sweep`: its options and examples."""

from btassets.cli import options
from btassets.cli.options import Word, argument, option
from btassets.cli.program import declare

_SCORES = ("sharpe", "cagr_pct", "total_return_pct", "max_drawdown_pct", "net_avg_r")

command = declare(
    "sweep",
    "btassets.cli.actions.sweep:command_sweep",
    [
        argument(
            "grid",
            nargs=-1,
            required=True,
            metavar="KEY=FIRST:LAST:STEP ...",
            help="Values of a setting; KEY=A,B,C lists them, several keys span a grid.",
        ),
        options.book(),
        option("--exit", "policy", type=Word(("hold", "target")), default="hold", help="Exit rule (default: hold)."),
        option("--by", type=Word(_SCORES), default="sharpe", help="Number that ranks the cells (default: sharpe)."),
        options.scenario("Base settings of every cell (default: base)."),
        options.assignments(),
        options.layout(),
        options.out("File for all cells as a table."),
        options.open_page("page"),
        *options.work(),
    ],
    examples=[
        "btassets sweep gates.min_rr=1:3:0.25 exits.hold_days=10,21,30",
        "btassets sweep portfolio.max_positions=5,10,15 --by cagr_pct --out cells.csv",
    ],
)
