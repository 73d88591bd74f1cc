"""A cluster for tests: services, two hosts with workers, one small book, and the same book computed on one host."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import dagster as dg

from btassets.book.book import open_book
from btassets.book.new_book import make_book
from btassets.instance.cluster.celery_options import app_arguments
from btassets.instance.cluster.cluster_executor import _send
from btassets.instance.dagster_home import open_instance
from btassets.instance.processes.fork_server import launch_words
from btassets.storage.host_lock import connect
from btassets_tests.support.book_factory import Answer, finish, start
from btassets_tests.support.cluster_hosts import PROJECT, Host, Network, lacks_hosts
from btassets_tests.support.cluster_services import Postgres, RabbitMQ, lacks, wait_for

N_TICKERS, N_SHARDS = 24, 4
MARKET = {"source.kind": "demo", "demo.tickers": N_TICKERS, "demo.years": 2.0}


def missing() -> str:
    """Why no cluster can be made here, empty if one can."""
    return lacks() or lacks_hosts()


def files(book: Path) -> dict[str, bytes]:
    """Every Parquet file of a book's tables by its place.

    Left out: the journal, a history of shown lists, and the row of the report, which names its folder and time.
    """
    data = book / "data"
    return {
        path.relative_to(data).as_posix(): path.read_bytes()
        for path in sorted(data.rglob("*.parquet"))
        if not path.relative_to(data).as_posix().startswith(("journal", "backtest_report/"))
    }


def footers(folder: Path) -> list[str]:
    """Tickers with setups in a book."""
    book = open_book(folder)
    return list(book.lake.ticker_footers(book.candidates))


@dataclass
class SmallCluster:
    """Services, hosts and the book."""

    folder: Path
    rows: list[tuple[str, float, str]] = field(default_factory=list)
    baseline: float = 0.0

    def __post_init__(self) -> None:
        self.hosts: list[Host] = []
        self.network = Network()
        self.postgres = Postgres(self.network.address)
        self.rabbitmq = RabbitMQ(self.network.address)
        self.book, self.alone = self.folder / "book", self.folder / "alone"

    def start(self) -> None:
        """Start services and workers, and compute the book once on this host alone."""
        self.postgres.start()
        self.rabbitmq.start()
        make_book(self.alone, MARKET)
        make_book(self.book, MARKET | {"executor.kind": "celery", "executor.shards": N_SHARDS})
        done = finish(start("run", "--book", self.alone, "--quiet"))
        assert done.code in (0, 4), done.err
        self.hosts = [Host(self.network, number, self.folder) for number in (1, 2)]

    @property
    def environ(self) -> dict[str, str]:
        """Addresses of the services."""
        return {"BTASSETS_POSTGRES_URL": self.postgres.url(), "BTASSETS_BROKER_URL": self.rabbitmq.url()}

    def fresh(self) -> None:
        """No table computed, every service and worker up: what each test begins with."""
        for service in (self.postgres, self.rabbitmq):
            if service.process is None or service.process.poll() is not None:
                service.start()
        for number, host in enumerate(self.hosts):
            host.mend()
            if host.process is None or host.process.poll() is not None:
                # The hosts differ: two slots on every core, one slot on one core.
                host.work(self.book, self.environ, slots=2 - number, cores="0" if number else None)
        for name in ("data", "reports"):
            shutil.rmtree(self.book / name, ignore_errors=True)

    def run(self, *words: object) -> subprocess.Popen[str]:
        """Start `btassets run` on this host."""
        return start("run", "--book", self.book, "--quiet", *words, env=self.environ)

    def run_on(self, host: Host, *words: object) -> Answer:
        """`btassets run` on another host, to its end."""
        done = subprocess.run(
            host.command("run", "--book", self.book, "--quiet", *words),
            env=host.environ(self.environ),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            cwd="/",
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def timed(self, name: str, disturb: Callable[[], None] | None = None) -> Answer:
        """A run, disturbed when a shard has begun; notes its seconds."""
        before, begun = self.n_events(), time.monotonic()
        process = self.run()
        if disturb is not None:
            self.wait_shard(before, process)
            disturb()
        done = finish(process)
        self.note(name, time.monotonic() - begun, done)
        return done

    def note(self, name: str, seconds: float, done: Answer) -> None:
        """Add a row to the table of seconds lost."""
        self.rows.append((name, seconds, f"exit code {done.code}"))

    def query(self, sql: str) -> list[tuple]:
        """Rows of a query of the database of the runs."""
        connection = connect(self.postgres.url())
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall()
        finally:
            connection.close()

    def n_events(self) -> int:
        """Number of the newest event; 0 before the first run."""
        try:
            return self.query("select coalesce(max(id), 0) from event_logs")[0][0]
        except Exception:  # noqa: BLE001  (the driver is of an extra: its errors have no name here)
            return 0

    def starts(self, before: int) -> list[str]:
        """Shards that have begun, each as often as it did."""
        where = "dagster_event_type = 'STEP_START' and step_key like '%%replay_shard%%'"
        try:
            return [row[0] for row in self.query(f"select step_key from event_logs where id > {before} and {where}")]
        except Exception:  # noqa: BLE001  (as above: the database is away)
            return []

    def wait_shard(self, before: int, process: subprocess.Popen[str]) -> None:
        """Wait until a worker has begun a shard."""
        wait_for("a shard", lambda: process.poll() is not None or bool(self.starts(before)), 180)
        assert process.poll() is None, process.communicate()

    def run_id(self) -> str:
        """The newest run."""
        with self.instance() as instance:
            return instance.get_runs(limit=1)[0].run_id

    def instance(self):
        """The book's instance."""
        os.environ.update(self.environ)
        return open_instance(self.book / ".dagster")

    def send_again(self, step: str) -> None:
        """Deliver a step of the newest run a second time."""
        from dagster_celery.make_app import make_app

        book = open_book(self.book)
        words = launch_words(book.overrides)
        job = dg.build_reconstructable_job("btassets.defs.launch", "reconstruct", (str(self.book), words))
        with self.instance() as instance:
            run = instance.get_runs(limit=1)[0]
            context = SimpleNamespace(reconstructable_job=job, dagster_run=run, instance=instance)
            app = make_app(app_arguments(book.base.executor))
            _send(app, context, SimpleNamespace(key=step), "dagster", 5, None)  # pyright: ignore[reportArgumentType]

    def differing(self) -> list[str]:
        """Files of tables that differ from those of the run on one host."""
        here, alone = files(self.book), files(self.alone)
        return sorted(name for name in here.keys() | alone.keys() if here.get(name) != alone.get(name))

    def check(self) -> subprocess.CompletedProcess[str]:
        """`btassets cluster check`."""
        words = [sys.executable, "-m", "btassets.cli", "cluster", "check", "--book", str(self.book)]
        return subprocess.run(
            words, env=os.environ | self.environ, capture_output=True, text=True, check=False, cwd=PROJECT
        )

    def table(self) -> str:
        """Seconds lost by each fault."""
        lines = [f"{'fault':42} {'seconds':>8} {'lost':>6}  end"]
        for name, seconds, end in self.rows:
            lines.append(f"{name:42} {seconds:8.1f} {max(0.0, seconds - self.baseline):6.1f}  {end}")
        return "\n".join(lines)

    def remove(self) -> None:
        """End everything."""
        for part in (*self.hosts, self.network, self.rabbitmq, self.postgres):
            part.remove()


def kill(process: subprocess.Popen[str]) -> None:
    """End a process at once."""
    process.send_signal(signal.SIGKILL)
    process.communicate()
