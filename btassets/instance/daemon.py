"""`python -m btassets.instance.daemon`: Dagster's daemon, looking after backfills every few seconds.

Belongs here: the one interval that an instance cannot set. Dagster looks at backfills every 30 seconds,
twice for each; a backfill of one book's partitions takes two.
"""

from dagster._daemon import controller
from dagster._daemon.cli import main

controller.DEFAULT_DAEMON_INTERVAL_SECONDS = 3

if __name__ == "__main__":
    main()
