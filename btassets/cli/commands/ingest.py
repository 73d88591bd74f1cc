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
    more="Nothing is replayed: `btassets run` does that, and reads new bars itself.",
    examples=["btassets ingest", "btassets ingest --full --tickers AAPL,MSFT"],
)
