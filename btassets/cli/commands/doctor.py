"""`btassets doctor`: its options and examples."""

from btassets.cli import options
from btassets.cli.options import option
from btassets.cli.program import declare

command = declare(
    "doctor",
    "btassets.cli.actions.books:command_doctor",
    [
        options.book(),
        options.max_age(),
        option("--deep", is_flag=True, help="Verify every byte of data, landed bars and reports."),
    ],
    more="The exit code is that of the first finding that would stop a run.",
    examples=["btassets doctor", "btassets doctor --deep", "btassets doctor --book mybook --max-age 3"],
)
