"""`btassets run`: its options and examples."""

from btassets.cli import options
from btassets.cli.options import option
from btassets.cli.program import declare

command = declare(
    "run",
    "btassets.cli.actions.run:command_run",
    [
        options.book(),
        options.scenario("A [scenario.NAME] of the settings file, or one created by --set."),
        options.profile("The same as --set profile=NAME; the scenario is named after the profile."),
        option("--as", "name", metavar="NAME", help="Name of the scenario created by --set."),
        option("--promote", is_flag=True, help="Write the --set values into btassets.toml and run them as base."),
        options.tickers(),
        option("--no-read", is_flag=True, help="Do not query the source; use the book's existing bars."),
        options.assignments(),
        *options.work(),
    ],
    more="Computes only what is stale. With --set or --scenario the book's own numbers do not change.",
    examples=[
        "btassets run",
        "btassets run --set gates.min_rr=2 --set portfolio.max_positions=15 --as roomy",
        "btassets run --scenario strict",
    ],
)
