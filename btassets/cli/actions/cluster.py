"""`cluster`: a worker on this host, and the check of all hosts.

Belongs here: options, printing, exit codes. Does not belong here: the worker and the checks
(`btassets.instance.cluster`).
"""

import os
from pathlib import Path

from btassets.book.book import Book, open_book
from btassets.cli.terminal import say, tell
from btassets.cli.where import folder_of
from btassets.compiled import use_cache_folder
from btassets.errors import UsageError
from btassets.settings.load import FILE_NAME


def command_cluster(*, action: str, book: Path | None, slots: int | None, queues: str, seconds: int) -> int:
    """Start a worker of the book's cluster, or check the cluster."""
    opened = open_book(folder_of(book))
    if opened.base.executor.kind != "celery":
        problem = f'{opened.folder / FILE_NAME}: executor.kind is "{opened.base.executor.kind}"'
        raise UsageError(problem, 'a cluster needs kind = "celery" and shards = N in its section [executor].')
    return _work(opened, slots or os.cpu_count() or 1, queues) if action == "worker" else _check(opened, seconds)


def _work(book: Book, slots: int, names: str) -> int:
    use_cache_folder()
    from btassets.instance.cluster.celery_options import QUEUES
    from btassets.instance.cluster.worker import start_worker

    chosen = [name.strip() for name in names.split(",") if name.strip()]
    unknown = [name for name in chosen if name not in QUEUES]
    if unknown or not chosen:
        problem = f"--queues {names}: {f'there is no queue {unknown[0]}' if unknown else 'no queue is named'}"
        raise UsageError(problem, f"choose among {', '.join(QUEUES)}.")
    tell(f"worker of {book.folder}: {slots} slots, queues {', '.join(chosen)}; Ctrl-C finishes its steps, then stops")
    start_worker(book, slots, chosen)
    return 0


def _check(book: Book, seconds: int) -> int:
    from btassets.instance.cluster.cluster_check import check_cluster

    code = 0
    for finding in check_cluster(book, float(seconds)):
        say(f"{'ok     ' if not finding.exit_code else 'PROBLEM'} {finding.name}: {finding.text}")
        code = code or finding.exit_code
    return code
