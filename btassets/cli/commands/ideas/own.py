"""`btassets own`: its options and examples."""

from btassets.cli import options
from btassets.cli.program import declare

command = declare(
    "own",
    "btassets.cli.actions.own:command_own",
    [options.book(), options.layout("table", "json"), options.scenario()],
    more="Own signals are declared in files of own/ (Python, SQL, CSV, Parquet) and in installed packages. "
    "The next run computes, proves and judges them.",
    examples=["btassets own", "btassets own --scenario breakout", "btassets own --format json"],
)
