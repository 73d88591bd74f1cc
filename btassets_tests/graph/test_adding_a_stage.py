"""Adding a stage touches its declaration, its code and its test: everything else follows from the declaration."""

import sys
from pathlib import Path

import pytest

from btassets.book.book import open_book
from btassets.errors import UndeclaredReadError
from btassets.graph import flow
from btassets.graph.columns import SCENARIO, TEXT, Column, TableSpec
from btassets.graph.flow import STAGE_OF_TABLE, STAGES, TABLES, problems, upstream, views
from btassets.graph.stage import Check, Stage
from btassets.plan import explain
from btassets.run.check_facts import check_facts
from btassets.run.resolve import resolve
from btassets.run.run_stage import run_stage
from btassets_tests.support.book_factory import call

CODE = '''
"""Stage `best_trades`: the best trade of each policy."""

import pyarrow as pa

from btassets.run.stage_result import CheckFact, StageResult


def compute(tables, settings):
    """Table `best_trades` of the scenario."""
    rows = tables["trades"].read(["policy", "ticker", "net_r"]).to_pylist()
    best = {}
    for row in rows:
        best[row["policy"]] = max(best.get(row["policy"], row), row, key=lambda own: own["net_r"])
    labels = {"scenario": tables.scenario, "slots": str(settings.portfolio.max_positions)}
    made = [labels | {"policy": policy, "ticker": row["ticker"]} for policy, row in best.items()]
    schema = pa.schema([(name, pa.string()) for name in ("scenario", "policy", "ticker", "slots")])
    return StageResult({"best_trades": pa.Table.from_pylist(made, schema=schema)}, {"n": len(made)})


def judge(outcome, tables, settings):
    return [CheckFact("has_trades", tables["best_trades"].n_rows > 0)]
'''

TABLE = TableSpec(
    "best_trades",
    "The best trade of one policy.",
    (SCENARIO, *(Column(name, TEXT, f"{name} of the trade") for name in ("policy", "ticker", "slots"))),
)
STAGE = Stage(
    "best_trades",
    "portfolio",
    "Which trade earned the most?",
    "best_trades_stage:compute",
    (TABLE,),
    reads=("trades",),
    settings=("portfolio",),
    checks=(Check("has_trades", "There is a trade."),),
    judge="best_trades_stage:judge",
)


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module with the code, and the declaration in the flow."""
    module = tmp_path / "best_trades_stage.py"
    module.write_text(CODE)
    monkeypatch.syspath_prepend(str(tmp_path))
    # Each test has a module of its own under the same name.
    monkeypatch.delitem(sys.modules, "best_trades_stage", raising=False)
    resolve.cache_clear()
    monkeypatch.setitem(STAGES, "best_trades", STAGE)
    monkeypatch.setitem(TABLES, "best_trades", TABLE)
    monkeypatch.setitem(STAGE_OF_TABLE, "best_trades", STAGE)
    return module


def test_one_declaration_is_enough(added: Path, book: Path, tmp_path: Path) -> None:
    assert problems() == []
    assert upstream(STAGE) == ("portfolio_sims",)
    assert views()["best_trades"].layout == "whole"
    opened = open_book(book, environ={})
    assert [reason.text for reason in explain(opened)[-1].reasons] == [
        "table best_trades was never computed, or its file is gone"
    ]
    outcome = run_stage("best_trades", opened)
    assert (outcome.is_cached, run_stage("best_trades", opened).is_cached) == (False, True)
    rows = opened.lake.read("best_trades").to_pylist()
    assert {row["policy"] for row in rows} <= {"hold", "target"}
    assert [fact.passed for fact in check_facts("best_trades", outcome, opened)] == [bool(rows)]
    out = tmp_path / "best.csv"
    assert call("export", "--book", book, "best_trades", "--out", out).code == 0
    assert out.exists()


@pytest.mark.parametrize(
    ("old", "new", "own"),
    [
        ("# max_positions = 10", "max_positions = 5", ["setting portfolio.max_positions: 10 -> 5"]),
        ("# min_rr = 1.5", "min_rr = 2.0", []),
    ],
)
def test_its_own_settings_and_what_it_reads_make_it_stale(
    added: Path, book: Path, old: str, new: str, own: list[str]
) -> None:
    run_stage("best_trades", open_book(book, environ={}))
    file = book / "btassets.toml"
    file.write_text(file.read_text().replace(old, new))
    found = {stale.name: [r.text for r in stale.reasons] for stale in explain(open_book(book, environ={}))}
    assert found["best_trades"] == [*own, "portfolio_sims will be computed first"]


def test_what_it_does_not_declare_it_cannot_read(added: Path, book: Path) -> None:
    added.write_text(CODE.replace('tables["trades"]', 'tables["equity_curves"]'))
    with pytest.raises(
        UndeclaredReadError, match=r"best_trades reads table equity_curves.*btassets/graph/portfolio\.py"
    ):
        run_stage("best_trades", open_book(book, environ={}))


def test_the_stages_of_the_flow_touch_no_list_beside_their_declaration() -> None:
    """No module outside graph/ names more than a few stages: nothing else lists them."""
    root = Path(flow.__file__).parents[1]
    lists: dict[str, int] = {}
    for path in root.rglob("*.py"):
        if path.parent.name == "graph" or "renamed" in path.name:
            continue
        text = path.read_text(encoding="utf-8")
        named = [name for name in STAGES if f'"{name}"' in text]
        if len(named) > 12:
            lists[path.relative_to(root).as_posix()] = len(named)
    assert lists == {}
