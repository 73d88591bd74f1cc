"""The examples of docs/own.md, as a reader copies them: each is found, computed and proven."""

import re
from pathlib import Path

import numpy as np
import pytest

from btassets.own.discover import find_sources
from btassets.own.evaluate import all_values
from btassets.own.given_file import given_values, read_given
from btassets.own.loading import declared_by
from btassets.own.proof import prove
from btassets_tests.support.own_panel import LIMITS, panel

PAGE = (Path(__file__).parents[2] / "docs" / "own.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)


def blocks(kind: str) -> list[str]:
    return [text for found, text in BLOCKS if found == kind]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own").mkdir()
    first, second = blocks("python")
    (tmp_path / "own" / "ideas.py").write_text(first + "\n\n" + second)
    (tmp_path / "own" / "overnight.sql").write_text(blocks("sql")[0])
    (tmp_path / "own" / "short_interest.csv").write_text(blocks("text")[0])
    return tmp_path


def test_each_example_is_found_and_proven(folder: Path) -> None:
    bars, names = panel(), []
    for source in find_sources(folder):
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


def test_the_package_of_the_example_names_the_group() -> None:
    assert '[project.entry-points."btassets.signals"]' in blocks("toml")[0]
