"""Own stages found in the text of sources."""

from pathlib import Path

import pytest

from btassets.own.discover import find_sources
from btassets.own.stages.stage_names import OwnStage, has_only_stages, stages_in

HEAD = "import btassets as bt\nNAMES = ['trades']\n"


def found(folder: Path, file: str, text: str) -> list[OwnStage]:
    (folder / "own").mkdir(exist_ok=True)
    (folder / "own" / file).write_text(text, encoding="utf-8")
    return stages_in(find_sources(folder)[0])


def test_a_function_under_the_decorator_is_a_stage(tmp_path: Path) -> None:
    text = HEAD + "@bt.stage(reads=['trades', 'trades'], settings=('gates',))\ndef idea(t, s):\n    'One ticker.'\n"
    (one,) = found(tmp_path, "a.py", text)
    assert (one.name, one.place, one.reads, one.settings) == ("idea", "own/a.py line 4", ("trades",), ("gates",))
    assert (one.about, one.problem) == ("One ticker.", "")


def test_a_query_with_the_header_is_a_stage(tmp_path: Path) -> None:
    (one,) = found(tmp_path, "a.sql", "-- Stage: idea\n-- reads: trades,  week_ranks\n-- description: x\nselect 1")
    assert (one.name, one.place, one.reads, one.about) == ("idea", "own/a.sql line 1", ("trades", "week_ranks"), "x")
    assert found(tmp_path, "a.sql", "-- sign: -1\nselect 1\n-- stage: late") == []


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        (
            "a.py",
            "@bt.stage(reads=NAMES)\ndef idea(t, s): ...\n",
            "line 4: stage idea: reads=NAMES is no list of names",
        ),
        ("a.py", "@bt.stage(reads='trades')\ndef idea(t, s): ...\n", "reads='trades' is no list of names"),
        ("a.py", "@bt.stage(reads=[])\ndef Idea(t, s): ...\n", 'line 4: a stage is named "Idea"'),
        ("a.sql", "", 'line 1: a stage is named "My Idea"'),
    ],
)
def test_a_declaration_that_cannot_be_read_says_why(tmp_path: Path, file: str, text: str, told: str) -> None:
    (one,) = found(tmp_path, file, HEAD + text if text else "-- stage: My Idea\nselect 1")
    assert told in one.problem


def test_a_source_of_stages_alone_is_none_of_signals(tmp_path: Path) -> None:
    stage, signal = "@bt.stage(reads=[])\ndef a(t, s): ...\n", "@bt.signal(lookback=1)\ndef b(w): ...\n"
    for text, alone in ((stage, True), (signal, False), (stage + signal, False), ("x = 1\n", False)):
        found(tmp_path, "a.py", HEAD + text)
        assert has_only_stages(find_sources(tmp_path)[0]) is alone
