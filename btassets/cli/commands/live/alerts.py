"""`btassets alerts`: its options and examples."""

from btassets.cli import options
from btassets.cli.options import option
from btassets.cli.program import declare

command = declare(
    "alerts",
    "btassets.cli.actions.send_alerts:command_alerts",
    [
        options.book(),
        option("--test", "is_test", is_flag=True, help="Print what would be sent; nothing is sent or written."),
        option("--send-test", is_flag=True, help="Send one test message to each destination; no fact counts as sent."),
    ],
    more="Destinations are tables [[alerts]] in the settings; secrets come from environment variables. The sensor "
    "`alerts` of the page does the same after each run.",
    examples=["btassets alerts --test", "btassets alerts --send-test", "btassets alerts"],
)
