"""The worked changes of CONTRIBUTING.md, made for real in a copy: each touches at most three files, and works.

Belongs here: one addition of each kind (stage, floor, signal, setting, source) and what follows from it by
itself. Does not belong here: the edits (`support/worked_changes.py`) and the run (`support/worked_run.py`).

The copy runs without the compiler: machine code of the new sources would take two minutes to make.
"""

import csv
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from btassets_tests.support.worked_changes import CHANGES, PROJECT, Edit, apply, copy_project, hashes

MAX_TOUCHED = 3
ADDED_TESTS = (
    "btassets_tests/stages/portfolio/test_best_trades.py",
    "btassets_tests/run/test_floor_sql.py",
    "btassets_tests/engine/features/test_factors.py",
    "btassets_tests/stages/advice/test_todays_setups.py",
    "btassets_tests/sources/files/test_json_file.py",
)
"""The third file of each change, in the order of `CHANGES`."""


@dataclass(frozen=True)
class Made:
    """A copy with every change, and what its book shows."""

    folder: Path
    touched: dict[str, set[str]]
    facts: dict[str, Any]


def in_copy(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the interpreter in a copy, which comes first on its path."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "NUMBA_DISABLE_JIT": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=400, check=False
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = copy_project(tmp_path_factory.mktemp("worked") / "project")
    touched = {kind: apply(edits, folder) for kind, edits in CHANGES.items()}
    ran = in_copy(folder, "-m", "btassets_tests.support.worked_run", str(tmp_path_factory.mktemp("book")))
    assert ran.returncode == 0, ran.stderr[-3000:]
    facts = json.loads(ran.stdout)
    assert facts["package"] == str(folder)
    return Made(folder, touched, facts)


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.long
def test_a_change_touches_a_declaration_code_and_a_test(kind: str, made: Made) -> None:
    touched = made.touched[kind]
    assert {edit.path for edit in CHANGES[kind]} == touched
    assert 1 < len(touched) <= MAX_TOUCHED
    assert sum(name.startswith("btassets_tests/") for name in touched) == 1
    assert not any(name.startswith("docs/") for name in touched)


@pytest.mark.long
def test_a_file_more_is_counted(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one\n")
    (tmp_path / "b.py").write_text("two\n")
    before = hashes(tmp_path)
    edits = (Edit("a.py", "nil\n", before="one\n"), Edit("c/d.py", "new\n"), Edit("b.py", "two\n", "two\n", True))
    assert apply(edits, tmp_path) == {"a.py", "c/d.py"}
    assert hashes(tmp_path).keys() - before.keys() == {"c/d.py"}
    assert (tmp_path / "a.py").read_text() == "nil\none\n"


@pytest.mark.long
def test_contributing_names_the_files_of_each_change() -> None:
    text = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.partition("## Worked changes")[2].partition("\n## ")[0]
    shown = dict(
        re.findall(r"\*\*An? (stage|floor|signal|setting|source)\b[^*]*\*\*(.*?)(?=\n\n|\Z)", section, re.DOTALL)
    )
    assert set(shown) == set(CHANGES)
    for kind, edits in CHANGES.items():
        existing = [edit.path for edit in edits if edit.before and edit.path.startswith("btassets/")]
        for path in existing:
            # A stage and a setting are shown by the folder: theirs depends on the group.
            assert path in shown[kind] or f"{Path(path).parent.as_posix()}/" in shown[kind], (kind, path)


@pytest.mark.long
def test_the_tests_of_the_changes_pass_in_the_copy(made: Made) -> None:
    assert [next(n for n in touched if n.startswith("btassets_tests/")) for touched in made.touched.values()] == list(
        ADDED_TESTS
    )
    chosen = "test_one_row or every_floor or equal_an_independent or misses or of_equals_wins or bars_by_hand"
    ran = in_copy(made.folder, "-m", "pytest", "-x", "-p", "no:cacheprovider", "-k", chosen, *ADDED_TESTS)
    assert ran.returncode == 0, ran.stdout[-3000:]
    assert re.search(r"\b3[0-9] passed", ran.stdout), ran.stdout[-500:]


@pytest.mark.long
def test_the_stage_is_an_asset_with_its_table_and_check(made: Made) -> None:
    facts = made.facts
    assert "best_trades" in facts["stages"]
    assert "best_trades" in facts["views"]
    block = facts["graph"].partition("portfolio / best_trades\n")[2].partition("\n\n")[0]
    assert "reads: trades" in block
    assert "checks: has_trades" in block
    best = {
        policy: max(row["net_r"] for row in facts["trades"] if row["policy"] == policy)
        for policy in {row["policy"] for row in facts["trades"]}
    }
    assert best
    assert {row["policy"]: row["net_r"] for row in facts["best_trades"]} == best
    assert facts["checks"] == {"has_trades": True}
    assert facts["fresh"] == []


@pytest.mark.long
def test_the_floor_is_in_sql_sweep_ablation_todays_list_and_report(made: Made) -> None:
    facts, least = made.facts, made.facts["least"]
    assert "gates.min_adv20_usd" in facts["sql"]
    verdicts = [(row["adv20_usd"] >= least, row["liquidity_ok"], row["qualified"]) for row in facts["graded"]]
    assert {passes for passes, _, _ in verdicts} == {True, False}
    assert all(passes == flag and (passes or not qualified) for passes, flag, qualified in verdicts)
    totals = {row["variant"]: row["total"] for row in facts["ablation"]}
    assert totals["all_floors"] < totals["no_liquidity_floor"]
    assert {"family": "floors", "against": "no_liquidity_floor"} in facts["pairs"]
    missed = [row for row in facts["today"] if not row["is_qualified"]]
    assert missed
    assert all(row["failed_floors"] == "liquidity" and row["adv20_usd"] < least for row in missed)
    assert all(row["adv20_usd"] >= least for row in facts["today"] if row["is_qualified"])
    cells = list(csv.DictReader(io.StringIO(facts["cells"])))
    assert facts["sweep"]["code"] == 0
    assert [float(row["gates.min_adv20_usd"]) for row in cells] == [0.0, pytest.approx(least, rel=1e-5)]
    assert int(cells[0]["n_setups"]) > int(cells[1]["n_setups"])
    report = json.loads(facts["report"])
    assert "no_liquidity_floor" in [row["variant"] for row in report["gate_ablation"]]
    assert "Without liquidity" in facts["html"]


@pytest.mark.long
def test_the_signal_is_in_tables_statistics_and_report(made: Made) -> None:
    facts = made.facts
    assert sum(row["reversal_1w"] is not None for row in facts["signals"]) > 100
    week = facts["signal_by_hand"]
    assert week["found"] == pytest.approx(week["expected"], rel=1e-12)
    assert "reversal_1w" in facts["ic"]
    assert "reversal_1w" in facts["stat_signals"]
    assert "One-week return" in facts["html"]


@pytest.mark.long
def test_the_setting_is_read_bounded_explained_and_decides_its_stage(made: Made) -> None:
    facts = made.facts
    assert re.search(r"portfolio\.max_misses +3 +\S*btassets\.toml:\d+", facts["config"])
    assert facts["refused"]["code"] == 2
    assert "portfolio.max_misses = -1: must be a whole number >= 0 and <= 1000" in facts["refused"]["err"]
    assert "# nearest misses listed\nmax_misses = 3\n" in facts["explained"]
    assert "# max_misses = 10\n" in facts["other"]
    assert "setting portfolio.max_misses: 3 -> 1" in facts["stale"]["todays_setups"]
    assert "gate_sweep" not in facts["stale"]
    assert sum(not row["is_qualified"] for row in facts["today"]) == 3
    assert sum(not row["is_qualified"] for row in facts["today_after"]) == 1


@pytest.mark.long
def test_the_source_is_opened_by_its_kind_and_read(made: Made) -> None:
    facts = made.facts
    assert re.search(r"source\.kind +json ", facts["config"])
    assert facts["tickers"] == facts["written"]
    assert facts["init"]["code"] == 0
    assert 'kind = "json"' in facts["other"]


@pytest.mark.long
def test_the_docs_are_generated(made: Made) -> None:
    ran = in_copy(made.folder, "docs/make_tables.py")
    assert ran.returncode == 0, ran.stderr[-2000:]

    def page(name: str) -> str:
        return (made.folder / name).read_text(encoding="utf-8")

    assert "| `net_r` | number | its R after costs |" in page("docs/method/best_trades.md")
    assert "[`best_trades`](docs/method/best_trades.md)" in page("README.md")
    assert "| `liquidity_ok` |" in page("docs/method/graded_setups.md")
    assert "| `reversal_1w` | number | return of the last 5 bars, fraction |" in page("docs/method/factor_signals.md")
    settings = page("docs/settings.md")
    assert "`portfolio.max_misses`" in settings
    assert "`gates.min_adv20_usd`" in settings
    assert "json (one JSON file)" in settings
    assert in_copy(made.folder, "docs/make_tables.py", "--check").returncode == 0
