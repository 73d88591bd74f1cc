"""Options of `export`: a table and a file are needed, grids are words, tables complete."""

import click
import pytest

from btassets.cli.commands.export import command
from btassets.graph.flow import TABLES


def parsed(*words):
    return command.make_context("export", list(words)).params


def test_a_table_and_a_file_are_needed(tmp_path):
    found = parsed("trades", "--out", str(tmp_path / "x.csv"))
    assert (found["table"], found["out"], found["grid"]) == ("trades", tmp_path / "x.csv", "all")
    for words in (["trades"], ["--out", "x.csv"]):
        with pytest.raises(click.UsageError, match="Missing"):
            parsed(*words)


def test_another_grid_is_refused_with_the_nearest_word():
    with pytest.raises(click.UsageError, match=r"wek is not one of week, bar, all; did you mean week\?"):
        parsed("trades", "--out", "x.csv", "--grid", "wek")


def test_names_of_tables_complete():
    (argument,) = [param for param in command.params if param.name == "table"]
    context = click.Context(command)
    offered = [item.value for item in argument.shell_complete(context, "stat_")]
    assert offered
    assert all(name.startswith("stat_") for name in offered)
    assert set(offered) == {name for name in TABLES if name.startswith("stat_")}
