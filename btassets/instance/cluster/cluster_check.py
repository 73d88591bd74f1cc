"""The check of a cluster: services, shared folder, and whether every worker computes the same.

Belongs here: asking and comparing; each finding is a sentence. Does not belong here: what a host says about itself
(`worker_facts.py`), printing (`btassets.cli.actions.cluster`).
"""

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from btassets.book.book import Book
from btassets.errors import EXIT_CANNOT_WRITE, EXIT_USAGE, BtassetsError
from btassets.instance.cluster.celery_options import QUEUES
from btassets.instance.cluster.worker import FACTS, make_worker_app
from btassets.instance.cluster.worker_facts import MARK, facts
from btassets.storage.host_lock import database_url, holders_of
from btassets.storage.lock import RUN

MAX_SKEW_SECONDS = 5.0
"""Difference of two hosts' clocks; events of a run and ages of files are compared across hosts."""


@dataclass(frozen=True)
class Finding:
    """Result of one check.

    Attributes
    ----------
    name
        What was checked.
    text
        Facts found; of a problem also where, the rule, and what to do.
    exit_code
        0 if it is in order.
    """

    name: str
    text: str
    exit_code: int = 0


def check_cluster(book: Book, seconds: float) -> Iterator[Finding]:
    """Check services, folder and workers of a book's cluster.

    Parameters
    ----------
    seconds
        Time that the workers have to answer.

    Raises
    ------
    UsageError
        If the extra is not installed, or an address is missing.
    """
    app = make_worker_app(book)
    services = [_broker(app, seconds), _database(), _result_store(app)]
    yield from services
    if services[0].exit_code:
        return
    token = secrets.token_hex(8)
    mark = book.instance / f"{MARK}{token}"
    try:
        try:
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.write_text(token, encoding="utf-8")
        except OSError as error:
            advice = "every host writes tables there; grant write permission"
            yield Finding("folder", f"{mark.parent}: {error.strerror or error}; {advice}.", EXIT_CANNOT_WRITE)
            return
        asked = time.time()
        replies = app.control.broadcast(FACTS, arguments={"token": token}, reply=True, timeout=seconds) or []
        answered = time.time()
        workers = {name: found for reply in replies for name, found in reply.items()}
        wrote = {path.name for path in book.instance.glob(f"{MARK}{token}-*")}
        queues = app.control.inspect(timeout=seconds).active_queues() or {}
        yield from judge(facts(book.folder, token), workers, wrote, (asked, answered))
        yield from judge_queues(queues, book.base.executor.shards, workers)
    finally:
        for path in book.instance.glob(f"{MARK}*"):
            with suppress(OSError):
                path.unlink()


def _place(url: str) -> str:
    """Address without user and password.

    >>> _place("amqp://me:secret@broker:5672/book")
    'broker:5672/book'
    """
    parts = urlsplit(url)
    return f"{parts.hostname or 'localhost'}{f':{parts.port}' if parts.port else ''}{parts.path}"


def _broker(app: Any, seconds: float) -> Finding:
    place = _place(app.conf.broker_url)
    try:
        with app.connection_for_write(connect_timeout=seconds) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=seconds)
    except Exception as error:  # noqa: BLE001  (each transport has errors of its own)
        text = " ".join(str(error).split())
        advice = "start RabbitMQ, open its port to every host, or correct the URL"
        return Finding("broker", f"{place} does not answer ({text}); {advice}.", EXIT_CANNOT_WRITE)
    return Finding("broker", place)


def _database() -> Finding:
    try:
        holders = holders_of(database_url(), RUN)
    except BtassetsError as error:
        return Finding("database", str(error), error.exit_code)
    held = f"; the book's lock is held: {holders[0]}" if holders else ""
    return Finding("database", f"{_place(database_url())}{held}")


def _result_store(app: Any) -> Finding:
    url = str(app.conf.result_backend).removeprefix("db+")
    app.conf.result_backend_max_retries = 1
    try:
        app.backend.get_task_meta("btassets-cluster-check")
    except Exception as error:  # noqa: BLE001  (each store has errors of its own)
        text = " ".join(str(error.__cause__ or error).split())[:200]
        return Finding("results", f"{_place(url)} does not answer ({text}); start it.", EXIT_CANNOT_WRITE)
    return Finding("results", _place(url))


def judge(
    here: Mapping[str, Any],
    workers: Mapping[str, Mapping[str, Any]],
    wrote: set[str],
    asked: tuple[float, float],
) -> Iterator[Finding]:
    """Compare each worker with this host.

    Parameters
    ----------
    here, workers
        Facts of this host, and of each worker by its name.
    wrote
        Files of this check that this host sees in the book's folder.
    asked
        Times at which the question left and the answers had come.
    """
    if not workers:
        text = "no worker answers; start `btassets cluster worker` on each host, with the same broker URL"
        yield Finding("workers", f"{text}.", EXIT_CANNOT_WRITE)
    for name, found in sorted(workers.items()):
        if "error" in found:
            yield Finding(name, f"cannot state its facts ({found['error']}); restart it.", EXIT_CANNOT_WRITE)
            continue
        problems = list(_problems(here, found, wrote, asked))
        yield from (Finding(name, text, code) for text, code in problems)
        if not problems:
            yield Finding(name, f"{found['slots']} slots on {found['cores']} cores; same folder, code and settings")


def _problems(
    here: Mapping[str, Any], found: Mapping[str, Any], wrote: set[str], asked: tuple[float, float]
) -> Iterator[tuple[str, int]]:
    if found["problem"]:
        yield f"{found['problem']}", EXIT_CANNOT_WRITE
    if found["folder"] != here["folder"]:
        rule = f"works on {found['folder']}, this host on {here['folder']}; a cluster serves one book under one path"
        yield f"{rule}; mount the folder there, and give each book a broker vhost of its own.", EXIT_USAGE
    elif found["seen"] != here["seen"] or (found["wrote"] and found["wrote"] not in wrote):
        rule = f"its {found['folder']} is another folder than this host's; all hosts share one"
        yield f"{rule}; mount the same export on both.", EXIT_CANNOT_WRITE
    for key, what, advice in (
        ("code", "runs", "install one release on every host and restart the workers"),
        ("libraries", "has", "install the locked releases (requirements.lock) on every host and restart the workers"),
        ("settings", "reads settings", "same btassets.toml and BTASSETS_ variables on every host"),
        ("own", "has own/ files", "same own/ and packages on every host"),
    ):
        if found[key] != here[key] and not (key == "settings" and found["problem"]):
            yield f"{what} {_difference(found[key], here[key])}; hosts must be equal: {advice}.", EXIT_USAGE
    if found["source"]:
        rule = f"does not see the source {found['source']}; the step that reads bars may run on any worker"
        yield f"{rule}; mount it there.", EXIT_USAGE
    early, late = asked[0] - found["time"], found["time"] - asked[1]
    if max(early, late) > MAX_SKEW_SECONDS:
        way = f"{max(early, late):.0f} seconds {'behind' if early > late else 'ahead'}"
        yield f"its clock is {way}; at most {MAX_SKEW_SECONDS:g} are allowed; synchronise it (NTP).", EXIT_USAGE


def _difference(theirs: str, ours: str) -> str:
    """Parts of two lists that differ.

    >>> _difference("numpy 2.3, numba 0.6", "numpy 2.4, numba 0.6")
    'numpy 2.3 (this host: numpy 2.4)'
    """
    left, right = theirs.split(", "), ours.split(", ")
    return (
        f"{', '.join(part for part in left if part not in right) or 'none'} "
        f"(this host: {', '.join(part for part in right if part not in left) or 'none'})"
    )


def judge_queues(
    queues: Mapping[str, Sequence[Mapping[str, Any]]], shards: int, workers: Mapping[str, Mapping[str, Any]]
) -> Iterator[Finding]:
    """Check that each queue has a worker, and that the shards suffice for the slots."""
    if not workers:
        return
    served = {queue["name"] for of_worker in queues.values() for queue in of_worker}
    for name, queue in QUEUES.items():
        if queue not in served:
            rule = f"no worker takes queue {name}; a run would wait forever"
            yield Finding("queues", f"{rule}; start one with --queues {name}.", EXIT_USAGE)
    slots = sum(int(found.get("slots", 0)) for found in workers.values())
    if shards < slots:
        advice = f"set executor.shards to about {4 * slots}"
        yield Finding("shards", f"{shards} shards for {slots} slots leave slots idle; {advice}.", EXIT_USAGE)
