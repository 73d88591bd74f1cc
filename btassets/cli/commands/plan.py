"""`btassets plan`: its options and examples."""

from btassets.cli import options
from btassets.cli.options import option
from btassets.cli.program import declare

command = declare(
    "plan",
    "btassets.cli.actions.plan:command_plan",
    [
        option(
            "--why", "is_explained", is_flag=True, help="Show for each stage which setting, table or source changed."
        ),
        options.book(),
        options.scenario("Scenario to plan (default: base, the book's own settings)."),
        options.layout("table", "json"),
    ],
    more="Nothing is computed or written.",
    examples=["btassets plan", "btassets plan --why --scenario strict", "btassets plan --format json"],
)
