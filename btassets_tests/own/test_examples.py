"""The examples of docs/own.md, as a reader copies them: each is found, computed and proven."""

import re
from pathlib import Path

import numpy as np
import pytest

from btassets.own.discover import GROUPS, SOURCES_GROUP, find_sources
from btassets.own.evaluate import all_values
from btassets.own.given_file import given_values, read_given
from btassets.own.loading import declared_by
from btassets.own.proof import prove
from btassets.own.setups.rule_names import OwnRule, rule_named
from btassets.own.setups.rule_proof import RuleProof
from btassets.own.setups.rule_setups import RuleProcesses
from btassets.own.stages.stage_names import has_only_stages
from btassets.run.own_flow.book_flow import flow_of_sources
from btassets.settings.load import resolve
from btassets.sources.open_source import open_source
from btassets_tests.support.own_panel import LIMITS, panel, ticker_arrays

PAGE = (Path(__file__).parents[2] / "docs" / "own.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)


def blocks(kind: str) -> list[str]:
    return [text for found, text in BLOCKS if found == kind]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own").mkdir()
    first, second, rule, _, stage = blocks("python")
    (tmp_path / "own" / "ideas.py").write_text(first + "\n\n" + second)
    (tmp_path / "own" / "rule.py").write_text("import btassets as bt\n" + rule)
    (tmp_path / "own" / "dip.py").write_text(blocks("bash")[0].partition("'END'\n")[2].partition("END\n")[0])
    (tmp_path / "own" / "monthly.py").write_text(stage)
    (tmp_path / "own" / "best_months.sql").write_text(blocks("sql")[1])
    (tmp_path / "own" / "overnight.sql").write_text(blocks("sql")[0])
    (tmp_path / "own" / "short_interest.csv").write_text(blocks("text")[0])
    return tmp_path


def test_each_example_is_found_and_proven(folder: Path) -> None:
    bars, names = panel(), []
    for source in find_sources(folder):
        if has_only_stages(source):
            continue
        signals, problem = declared_by(source)
        assert problem == ""
        for signal in signals:
            names.append(signal.name)
            if signal.form == "file":
                continue
            values = all_values(signal, bars, LIMITS)
            assert not np.isnan(values).all()
            assert prove(signal, bars, values, LIMITS, 1).n_rows > 0
    assert names == ["reversal_1w", "relative_strength", "overnight", "short_interest"]


def test_the_file_of_the_example_is_read(folder: Path) -> None:
    header, table, age = read_given(folder / "own" / "short_interest.csv", "own/short_interest.csv")
    assert (header["sign"], age, table.num_rows) == (-1, 20, 1)
    with pytest.raises(ValueError, match="none of its tickers"):
        given_values(table, panel(), age, "own/short_interest.csv")


@pytest.mark.parametrize("name", ["breakout", "dip"])
def test_each_rule_of_the_page_gives_setups_and_is_proven(folder: Path, name: str) -> None:
    rule = OwnRule(name, rule_named(name, find_sources(folder)).source, 20.0)
    arrays, rows = ticker_arrays("T1", 1, n_bars=400, split_at=300), list(range(36, 400))
    with RuleProcesses(rule) as processes, RuleProof(rule) as proof:
        found = np.flatnonzero(~np.isnan(processes.setups(arrays, rows)[:, 0, 0]))
        assert 5 < len(found) < len(rows) // 2
        assert proof.replay(arrays, [rows[k] for k in (*found[:4].tolist(), found[0] + 1)])[1] is None


def test_the_source_of_the_page_is_complete(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "feed.py").write_text("import btassets as bt\n" + blocks("python")[3])
    settings = resolve(overrides={"source.kind": "feed:Feed"}).settings
    assert open_source(settings, tmp_path).tickers() == ["AAA", "BBB"]


def test_the_package_of_the_example_names_the_groups() -> None:
    for group in (*GROUPS, SOURCES_GROUP):
        assert f'[project.entry-points."{group}"]' in "\n".join(blocks("toml"))


def test_the_stages_of_the_examples_are_stages_of_their_book(folder: Path) -> None:
    own = flow_of_sources(find_sources(folder)).own
    assert {name: (one.reads, one.problem) for name, one in own.items()} == {
        "monthly": (("graded_setups",), ""),
        "best_months": (("monthly",), ""),
    }
