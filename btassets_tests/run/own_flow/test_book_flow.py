"""The flow of a book: its own stages after those of every book, and what keeps one from being computed."""

import re
from pathlib import Path

import pytest

from btassets.graph.flow import STAGES
from btassets.own.discover import find_sources
from btassets.run.own_flow.book_flow import BUILT_IN, BookFlow, flow_of_sources
from btassets_tests.support.own_panel import write_source


def stage(name: str, *reads: str, more: str = "") -> str:
    return f"import btassets as bt\n\n@bt.stage(reads={list(reads)}{more})\ndef {name}(tables, settings): ...\n"


def flow(folder: Path, **files: str) -> BookFlow:
    for name, text in files.items():
        write_source(folder, f"{name}.py", text)
    return flow_of_sources(find_sources(folder))


def test_a_book_without_own_code_has_the_flow_of_every_book(tmp_path: Path) -> None:
    assert flow_of_sources(find_sources(tmp_path)).stages is BUILT_IN.stages is STAGES


def test_an_own_stage_follows_what_it_reads(tmp_path: Path) -> None:
    found = flow(tmp_path, a=stage("last", "middle"), b=stage("middle", "trades", "first"), c=stage("first"))
    assert list(found.stages)[-3:] == ["first", "middle", "last"]
    own = found.stages["middle"]
    assert (own.group, own.keyed, own.place, own.outputs) == ("own", "scenario", "own/b.py", ("middle",))
    assert found.tables["middle"].is_free
    assert found.stage_of_table("middle") is own
    assert found.stage_of_table("trades") is STAGES["portfolio_sims"]
    assert found.stage_of_table("nothing") is None
    assert found.views()["middle"].layout == "whole"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (stage("idea", "graded_setup"), r"line 4: idea reads graded_setup: no table .*did you mean graded_setups\?"),
        (stage("idea", "trials"), r"idea reads trials: a table that no stage writes"),
        (
            stage("idea", more=", settings=['gates.min_r']"),
            r"reads the setting gates\.min_r: there is none; did",
        ),
        (stage("idea", "idea"), "own/a.py line 4: idea reads idea: a circle"),
    ],
)
def test_a_stage_with_a_problem_remains_with_its_problem(tmp_path: Path, text: str, told: str) -> None:
    one = flow(tmp_path, a=text).own["idea"]
    assert re.search(told, one.problem), one.problem
    assert (one.reads, one.settings) == ((), ())  # the run computes the hash of the others


def test_circles_are_refused_and_their_readers_keep_their_place(tmp_path: Path) -> None:
    # Two circles through each of x and z: no order exists unless every read inside of them is taken out.
    texts = {"x": stage("x", "y", "z"), "y": stage("y", "x"), "z": stage("z", "v", "x"), "v": stage("v", "z")}
    found = flow(tmp_path, **texts, after=stage("after", "x", "trades"))
    assert {name for name, one in found.own.items() if "a circle" in one.problem} == {"x", "y", "z", "v"}
    assert (found.own["after"].reads, found.own["after"].problem) == (("x", "trades"), "")
    assert list(found.own)[-1] == "after"


def test_a_name_that_is_taken_is_no_stage(tmp_path: Path) -> None:
    found = flow(tmp_path, a=stage("trades"), b=stage("Idea"), c=stage("everything"))
    assert not found.own
    assert len(found.refused) == 3
    assert found.refused[0].startswith("own/a.py line 4: trades is a table or a job of every book")
    assert 'a stage is named "Idea"' in found.refused[1]


def test_a_name_that_is_declared_twice_is_stale_when_either_file_changes(tmp_path: Path) -> None:
    found = flow(tmp_path, a=stage("idea"), b=stage("idea", "trades"))
    assert "own/b.py line 4: the stage idea is declared in own/a.py line 4, too" in found.own["idea"].problem
    assert dict(found.stages["idea"].own_code).keys() == {"own/a.py", "own/b.py"}


def test_a_stage_depends_on_the_settings_that_decide_the_columns_it_reads(tmp_path: Path) -> None:
    for name, table in (("follows", "graded_setups"), ("does_not", "sessions")):
        write_source(tmp_path, f"{name}.sql", f"-- stage: {name}\n-- reads: {table}\nselect 1 as x\n")
    stages = flow_of_sources(find_sources(tmp_path)).stages
    assert stages["follows"].settings == ("own.max_stage_seconds", "exits.hold_days", "gates")
    assert stages["does_not"].settings == ("own.max_stage_seconds",)
