"""Two books on the page of another deployment, through plain `dagster dev` and its GraphQL."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from btassets_tests.support.dev_page import BOOKS, N_TICKERS, DevPage, two_books
from btassets_tests.support.running_page import RANGE
from btassets_tests.support.small_market import names

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevPage]:
    folder = tmp_path_factory.mktemp("deployment")
    home = folder / "home"
    home.mkdir()
    made = DevPage(two_books(folder), folder, {"DAGSTER_HOME": str(home)})
    yield made
    made.stop()


def node(deployment: DevPage, name: str, table: str, fields: str) -> dict[str, Any]:
    query = f"query($p:[String!]!){{assetNodeOrError(assetKey:{{path:$p}}){{... on AssetNode{{{fields}}}}}}}"
    return deployment.ask(query, p=[*BOOKS[name], table])["assetNodeOrError"]


def metadata(deployment: DevPage, name: str, table: str, partition: str | None = None) -> dict[str, Any]:
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
def test_the_page_has_the_partitions_before_any_run(deployment: DevPage, name: str) -> None:
    found = node(deployment, name, "candidates", "partitionKeys groupName")
    assert found == {"partitionKeys": names(N_TICKERS[name]), "groupName": "_".join((*BOOKS[name], "replay"))}


@pytest.mark.parametrize("name", BOOKS)
def test_each_book_runs_from_the_page(deployment: DevPage, name: str) -> None:
    tickers = names(N_TICKERS[name])
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
