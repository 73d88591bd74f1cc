"""`btassets sql`: its options and examples."""

from btassets.cli import options
from btassets.cli.options import argument
from btassets.cli.program import declare

command = declare(
    "sql",
    "btassets.cli.actions.sql:command_sql",
    [
        argument("query", metavar='"SELECT ..."', help="One SELECT; also 'show tables' and 'describe TABLE'."),
        options.book(),
        options.layout(),
    ],
    more='One SELECT; `btassets sql "show tables"` lists the tables. A number of the printed table has six digits.',
    examples=["btassets sql \"select population, total, net_avg_r from setup_stats where scenario = 'base'\""],
)
