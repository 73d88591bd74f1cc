"""`python -m btassets.instance.processes.daemon FOLDER ...`: Dagster's daemon, the only one of the book in FOLDER.

Belongs here: its uniqueness, and the one interval that an instance cannot set. Dagster checks backfills every 30
seconds, twice for each; a backfill of one book's partitions takes two.

The daemon itself holds the book's daemon lock: while it lives, however its parent ended, no second one starts.
"""

import sys
from pathlib import Path

from dagster._daemon import controller
from dagster._daemon.cli import main

from btassets.errors import BookBusyError
from btassets.instance.processes.process_group import EXIT_OTHER_DAEMON
from btassets.instance.processes.tied import tie_to_parent
from btassets.storage.lock import book_lock

LOCK_NAME = "daemon"

controller.DEFAULT_DAEMON_INTERVAL_SECONDS = 3


def run(folder: Path, words: list[str]) -> int:
    """Run Dagster's daemon with the arguments of its own command line."""
    try:
        with book_lock(folder, "daemon", wait=False, name=LOCK_NAME):
            sys.argv = [sys.argv[0], *words]
            main()
    except BookBusyError:
        return EXIT_OTHER_DAEMON
    return 0


if __name__ == "__main__":
    tie_to_parent()
    sys.exit(run(Path(sys.argv[1]), sys.argv[2:]))
