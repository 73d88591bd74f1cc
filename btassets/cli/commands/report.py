"""`btassets report`: its options and examples."""

from btassets.cli import options
from btassets.cli.program import declare

command = declare(
    "report",
    "btassets.cli.actions.look:command_report",
    [options.book(), options.scenario(), options.open_page("report")],
    examples=["btassets report", "btassets report --scenario strict --open"],
)
