"""A real `dagster dev`, its GraphQL, and two books as guests of one code location."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from btassets_tests.support.running_page import free_port
from btassets_tests.support.small_market import make_book

BOOKS = {"us": ("us",), "europe": ("research", "europe")}
"""Folder of each book of `two_books` -> its key prefix."""
N_TICKERS = {"us": 4, "europe": 6}
_UP = "{repositoriesOrError{... on RepositoryConnection{nodes{name}}}}"


def two_books(folder: Path) -> list[str]:
    """Options of `dagster dev` for a module with the definitions of two new books in `folder`."""
    parts = []
    for name, prefix in BOOKS.items():
        book = make_book(folder / name, N_TICKERS[name])
        parts.append(f"    build_defs({str(book.folder)!r}, key_prefix={list(prefix)!r}),")
    module = folder / "definitions.py"
    text = ["import dagster as dg", "from btassets import build_defs", "defs = dg.Definitions.merge(", *parts, ")"]
    module.write_text("\n".join(text) + "\n", encoding="utf-8")
    return ["-f", str(module)]


class DevPage:
    """`dagster dev` in a folder; `stop` ends it with its daemon and code servers.

    Parameters
    ----------
    options
        What it shows: `-f FILE`, or `-w FILE`.
    folder
        Current folder of the command; its log is kept there.
    environ
        Variables on top of those of this process; None removes one.
    """

    def __init__(self, options: Iterable[str], folder: Path, environ: Mapping[str, str | None]) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        self._log = folder / "dev.log"
        words = [sys.executable, "-m", "dagster", "dev", *options, "-p", self.url.rpartition(":")[2]]
        variables = {name: value for name, value in {**os.environ, **environ}.items() if value is not None}
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                words, cwd=folder, stdout=log, stderr=log, env=variables, start_new_session=True
            )
        try:
            self.wait_for(_UP, lambda found: found["repositoriesOrError"].get("nodes"))
        except BaseException:
            self.stop()
            raise

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Data of one GraphQL answer."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["data"]

    def wait_for(
        self, query: str, is_there: Callable[[dict[str, Any]], Any], seconds: float = 300.0, **variables: Any
    ) -> dict[str, Any]:
        """First answer for which the condition holds."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                found = self.ask(query, **variables)
            except OSError:
                found = None
            if found is not None and is_there(found):
                return found
            time.sleep(0.3)
        raise AssertionError(self._log.read_text()[-3000:])

    def ended_run(self, job: str) -> dict[str, Any]:
        """The one run of a job, once it has ended."""
        query = "query($j:String!){runsOrError(filter:{pipelineName:$j}){...on Runs{results{runId status}}}}"
        ended = ("SUCCESS", "FAILURE", "CANCELED")
        found = self.wait_for(
            query, lambda answer: any(run["status"] in ended for run in answer["runsOrError"]["results"]), j=job
        )
        (run,) = found["runsOrError"]["results"]
        return run

    def stop(self) -> None:
        """End the session: page, daemon and code server."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
