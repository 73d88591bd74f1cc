"""`btassets cluster`: its options and examples."""

from btassets.cli import options
from btassets.cli.options import Whole, Word, argument, option
from btassets.cli.program import declare

command = declare(
    "cluster",
    "btassets.cli.actions.cluster:command_cluster",
    [
        argument("action", type=Word(("worker", "check")), metavar="worker|check", help="Action."),
        options.book(),
        option(
            "--slots", type=Whole(1, 1024), metavar="N", help="worker: steps at the same time (default: one per core)."
        ),
        option(
            "--queues",
            default="steps,memory",
            metavar="A,B",
            help="worker: queues it takes; memory: steps below the replay (default: steps,memory).",
        ),
        option("--seconds", type=Whole(1, 600), default=5, metavar="N", help="check: time to answer (default: 5)."),
    ],
    more="Needs the extra `cluster`, RabbitMQ, PostgreSQL and a shared folder: docs/cluster.md. `check` exits with "
    "2 or 7 on a problem.",
    examples=["btassets cluster worker --slots 8", "btassets cluster worker --queues memory", "btassets cluster check"],
)
