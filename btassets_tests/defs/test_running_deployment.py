"""Two books on the page of another deployment, through plain `dagster dev` and its GraphQL."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from btassets_tests.support.running_page import RANGE, free_port
from btassets_tests.support.small_market import make_book, names

pytestmark = pytest.mark.slow

BOOKS = {"us": ("us",), "europe": ("research", "europe")}
N = {"us": 4, "europe": 6}


class Deployment:
    """`dagster dev -f definitions.py` in an instance of its own."""

    def __init__(self, folder: Path) -> None:
        parts = []
        for name, prefix in BOOKS.items():
            book = make_book(folder / name, N[name])
            parts.append(f"    build_defs({str(book.folder)!r}, key_prefix={list(prefix)!r}),")
        module = folder / "definitions.py"
        text = ["import dagster as dg", "from btassets import build_defs", "defs = dg.Definitions.merge(", *parts, ")"]
        module.write_text("\n".join(text) + "\n", encoding="utf-8")
        home = folder / "home"
        home.mkdir()
        self.url = f"http://127.0.0.1:{free_port()}"
        self.log = folder / "dev.log"
        words = [sys.executable, "-m", "dagster", "dev", "-f", str(module), "-p", self.url.rpartition(":")[2]]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                words,
                cwd=folder,
                stdout=log,
                stderr=log,
                env=os.environ | {"DAGSTER_HOME": str(home)},
                start_new_session=True,
            )

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["data"]

    def wait_for(self, query: str, is_there: Any, seconds: float = 300.0, **variables: Any) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                found = self.ask(query, **variables)
            except OSError:
                found = None
            if found is not None and is_there(found):
                return found
            time.sleep(0.3)
        raise AssertionError(self.log.read_text()[-3000:])

    def stop(self) -> None:
        """End the session: page, daemon and code server."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(20)


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    made = Deployment(tmp_path_factory.mktemp("deployment"))
    made.wait_for(
        "{repositoriesOrError{... on RepositoryConnection{nodes{name}}}}",
        lambda found: found["repositoriesOrError"].get("nodes"),
    )
    yield made
    made.stop()


def node(deployment: Deployment, name: str, table: str, fields: str) -> dict[str, Any]:
    query = f"query($p:[String!]!){{assetNodeOrError(assetKey:{{path:$p}}){{... on AssetNode{{{fields}}}}}}}"
    return deployment.ask(query, p=[*BOOKS[name], table])["assetNodeOrError"]


def metadata(deployment: Deployment, name: str, table: str, partition: str | None = None) -> dict[str, Any]:
    """Metadata of the last materialization of an asset, or of one of its partitions."""
    query = (
        "query($p:[String!]!,$k:[String!]){assetOrError(assetKey:{path:$p}){... on Asset{assetMaterializations(limit:1,"
        "partitions:$k){metadataEntries{label ...on IntMetadataEntry{intValue} ...on MarkdownMetadataEntry{mdStr} "
        "...on PathMetadataEntry{path} ...on TextMetadataEntry{text}}}}}}"
    )
    found = deployment.ask(query, p=[*BOOKS[name], table], k=[partition] if partition else None)["assetOrError"]
    (last,) = found["assetMaterializations"]
    return {
        entry["label"]: next((value for key, value in entry.items() if key != "label"), None)
        for entry in last["metadataEntries"]
    }


@pytest.mark.parametrize("name", BOOKS)
def test_the_page_has_the_partitions_before_any_run(deployment: Deployment, name: str) -> None:
    found = node(deployment, name, "candidates", "partitionKeys groupName")
    assert found == {"partitionKeys": names(N[name]), "groupName": "_".join((*BOOKS[name], "replay"))}


@pytest.mark.parametrize("name", BOOKS)
def test_each_book_runs_from_the_page(deployment: Deployment, name: str) -> None:
    tickers = names(N[name])
    launched = deployment.ask(
        """mutation($p:ExecutionParams!){launchRun(executionParams:$p){__typename
        ...on LaunchRunSuccess{run{runId}} ...on PythonError{message}}}""",
        p={
            "selector": {
                "repositoryLocationName": "definitions.py",
                "repositoryName": "__repository__",
                "jobName": "_".join((*BOOKS[name], "everything")),
            },
            "runConfigData": {},
            "executionMetadata": {
                "tags": [{"key": k, "value": v} for k, v in zip(RANGE, (tickers[0], tickers[-1]), strict=True)]
            },
            "mode": "default",
        },
    )["launchRun"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    query = "query($r:ID!){runOrError(runId:$r){... on Run{status}}}"
    ended = deployment.wait_for(
        query, lambda found: found["runOrError"]["status"] in ("SUCCESS", "FAILURE"), r=launched["run"]["runId"]
    )
    assert ended["runOrError"]["status"] == "SUCCESS"
    report = metadata(deployment, name, "backtest_report")
    assert report["preview"].startswith("**Result.** ")
    assert "| CAGR |" in report["tiles"]
    assert Path(report["path"]).is_file()
    own = metadata(deployment, name, "candidates", tickers[2])
    other = metadata(deployment, name, "candidates", tickers[1])
    assert own["ticker_setups"] > 0
    assert own["ticker_version"] != other["ticker_version"]
