"""`btassets ingest`: its options and examples."""

from btassets.cli import options
from btassets.cli.options import option
from btassets.cli.program import declare

command = declare(
    "ingest",
    "btassets.cli.actions.run:command_ingest",
    [
        options.book(),
        option("--full", is_flag=True, help="Read the whole window of every ticker again."),
        options.tickers(),
        *options.work(),
    ],
    more="Does not replay: use `btassets run`, which also reads new bars.",
    examples=["btassets ingest", "btassets ingest --full --tickers AAPL,MSFT"],
)
