"""A real `btassets ui` and its GraphQL, for tests and for the bench."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
ENDED = ("SUCCESS", "FAILURE", "CANCELED")
_SELECTOR = {"repositoryLocationName": "btassets.definitions", "repositoryName": "__repository__"}


def free_port() -> int:
    """A port with a free one after it."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


def processes_of(pid: int) -> set[int]:
    """A process and those of the sessions that it started."""
    found = {pid}
    rows: dict[int, tuple[int, int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if words[0] != "Z":
                rows[int(entry.name)] = (int(words[1]), int(words[3]))
    sessions = {child for child, (parent, _) in rows.items() if parent == pid}
    found |= {child for child, (_, session) in rows.items() if session in sessions}
    return {child for child in found if child in rows}


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has waited for yet is dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def parent_of(pid: int) -> int:
    """Process that a running process was started by."""
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


class RunningPage:
    """`btassets ui` of a book, with its GraphQL."""

    def __init__(self, folder: Path, *, environ: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "btassets.cli", "ui", "--book", str(folder), "--port", str(self.port)]
        self.process = subprocess.Popen(
            command, env=os.environ | (environ or {}), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.wait_up()

    def wait_up(self, seconds: float = 300.0) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.ask("{repositoriesOrError{... on RepositoryConnection{nodes{name}}}}")[
                    "repositoriesOrError"
                ].get("nodes"):
                    return
            except OSError:
                pass
            time.sleep(0.2)
        log = self.folder / ".dagster" / "ui.log"
        message = f"page did not come up: {log.read_text()[-2000:] if log.exists() else ''}"
        raise AssertionError(message)

    def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = 30.0) -> int:
        """Signal the command and wait for it; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(seconds)

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            told = json.load(answer)
        assert "errors" not in told, told["errors"]
        return told["data"]

    def launch(
        self,
        job: str = "everything",
        tickers: tuple[str, str] | None = None,
        config: Mapping[str, Any] | None = None,
        assets: Iterable[str] = (),
    ) -> str:
        """Launch a job, as the page does; its run's id."""
        selector: dict[str, Any] = {**_SELECTOR, "jobName": job}
        if assets:
            selector["assetSelection"] = [{"path": [name]} for name in assets]
        tags = [{"key": k, "value": v} for k, v in zip(RANGE, tickers, strict=True)] if tickers else []
        told = self.ask(
            """mutation($p:ExecutionParams!){launchRun(executionParams:$p){__typename
            ...on LaunchRunSuccess{run{runId}} ...on PythonError{message}
            ...on RunConfigValidationInvalid{errors{message}}}}""",
            p={
                "selector": selector,
                "runConfigData": config or {},
                "executionMetadata": {"tags": tags},
                "mode": "default",
            },
        )["launchRun"]
        assert told["__typename"] == "LaunchRunSuccess", told
        return told["run"]["runId"]

    def again(self, run_id: str) -> str:
        """Re-execute a run from failure; the new run's id."""
        told = self.ask(
            """mutation($p:ReexecutionParams!){launchRunReexecution(reexecutionParams:$p){__typename
            ...on LaunchRunSuccess{run{runId}} ...on PythonError{message}}}""",
            p={"parentRunId": run_id, "strategy": "FROM_FAILURE"},
        )["launchRunReexecution"]
        assert told["__typename"] == "LaunchRunSuccess", told
        return told["run"]["runId"]

    def terminate(self, run_id: str) -> None:
        told = self.ask("mutation($r:String!){terminateRun(runId:$r){__typename}}", r=run_id)["terminateRun"]
        assert told["__typename"] == "TerminateRunSuccess", told

    def reload(self) -> None:
        told = self.ask(
            """mutation($n:String!){reloadRepositoryLocation(repositoryLocationName:$n){__typename
            ...on PythonError{message}}}""",
            n=_SELECTOR["repositoryLocationName"],
        )["reloadRepositoryLocation"]
        assert told["__typename"] == "WorkspaceLocationEntry", told

    def run(self, run_id: str) -> dict[str, Any]:
        return self.ask(
            """query($r:ID!){runOrError(runId:$r){...on Run{status creationTime startTime endTime
            tags{key value} stepStats{stepKey startTime endTime status}}}}""",
            r=run_id,
        )["runOrError"]

    def status(self, run_id: str) -> str:
        return self.ask("query($r:ID!){runOrError(runId:$r){...on Run{status}}}", r=run_id)["runOrError"]["status"]

    def wait(self, run_id: str, *statuses: str, seconds: float = 180.0) -> str:
        """Wait until a run has one of the statuses, or has ended."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            status = self.status(run_id)
            if status in (statuses or ENDED) or status in ENDED:
                return status
            time.sleep(0.3)
        message = f"run {run_id} is {self.status(run_id)} after {seconds} s"
        raise AssertionError(message)

    def events(self, run_id: str) -> list[dict[str, Any]]:
        return self.ask(
            """query($r:ID!){logsForRun(runId:$r,limit:1000){...on EventConnection{events{__typename
            ...on MessageEvent{message stepKey} ...on MaterializationEvent{assetKey{path} metadataEntries{label
            ...on IntMetadataEntry{intValue} ...on UrlMetadataEntry{url} ...on MarkdownMetadataEntry{mdStr}
            ...on FloatMetadataEntry{floatValue}}}
            ...on StepWorkerStartedEvent{metadataEntries{label ...on TextMetadataEntry{text}}}}}}}""",
            r=run_id,
        )["logsForRun"]["events"]

    def numbers(self, run_id: str, asset: str) -> dict[str, Any]:
        """Metadata of the last materialization of an asset in a run."""
        found: dict[str, Any] = {}
        for event in self.events(run_id):
            if event["__typename"] == "MaterializationEvent" and event["assetKey"]["path"] == [asset]:
                for entry in event["metadataEntries"]:
                    values = [value for key, value in entry.items() if key != "label"]
                    found[entry["label"]] = values[0] if values else None
        return found

    def step_pid(self, run_id: str, step: str, seconds: float = 60.0) -> int:
        """Process of a step, as soon as it has started."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for event in self.events(run_id):
                if event["__typename"] == "StepWorkerStartedEvent" and event["stepKey"] == step:
                    return int(next(e["text"] for e in event["metadataEntries"] if e["label"] == "pid"))
            time.sleep(0.3)
        message = f"{step} did not start"
        raise AssertionError(message)

    def backfill(self, tickers: Iterable[str], assets: Iterable[str] = ("ohlcv_history", "candidates")) -> str:
        told = self.ask(
            """mutation($b:LaunchBackfillParams!){launchPartitionBackfill(backfillParams:$b){__typename
            ...on LaunchBackfillSuccess{backfillId} ...on PythonError{message}}}""",
            b={"assetSelection": [{"path": [name]} for name in assets], "partitionNames": list(tickers)},
        )["launchPartitionBackfill"]
        assert told["__typename"] == "LaunchBackfillSuccess", told
        return told["backfillId"]

    def wait_backfill(self, backfill: str, seconds: float = 240.0) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            told = self.ask(
                """query($b:String!){partitionBackfillOrError(backfillId:$b){...on PartitionBackfill{status
                runs(limit:100){runId status tags{key value}}}}}""",
                b=backfill,
            )["partitionBackfillOrError"]
            if "COMPLETED" in told["status"] or told["status"] in ("FAILED", "CANCELED"):
                return told
            time.sleep(0.5)
        message = f"backfill {backfill} is not done after {seconds} s"
        raise AssertionError(message)

    def partitions(self, asset: str = "candidates") -> list[str]:
        return self.ask(
            "query($k:[String!]!){assetNodeOrError(assetKey:{path:$k}){...on AssetNode{partitionKeys}}}", k=[asset]
        )["assetNodeOrError"]["partitionKeys"]
