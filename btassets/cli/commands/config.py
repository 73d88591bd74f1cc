"""`btassets config`: its options and examples."""

from btassets.cli import options
from btassets.cli.options import option
from btassets.cli.program import declare

command = declare(
    "config",
    "btassets.cli.actions.books:command_config",
    [
        options.book(),
        options.scenario(),
        option("--changed", is_flag=True, help="Only settings that differ from the defaults."),
        options.assignments(),
    ],
    examples=["btassets config --changed", "btassets config --scenario strict --set gates.min_rr=2"],
)
