"""The process of an own stage: its result, its limits, and the place of every refusal."""

import datetime as dt
from pathlib import Path

import pytest

from btassets.own.own_process import OwnSignalError
from btassets_tests.support.own_stage_call import computed


def python(body: str, more: str = "") -> str:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return f"import btassets as bt\n{more}\n@bt.stage(reads=['trades'])\ndef idea(tables, settings):\n{lines}"


def test_a_function_sees_frames_in_order_and_returns_a_table(tmp_path: Path) -> None:
    body = "t = tables['trades']\nreturn t.groupby('ticker', as_index=False).agg(n=('net_r', 'size'))"
    assert computed(tmp_path, "idea.py", python(body)).to_pydict() == {"ticker": ["A", "B"], "n": [2, 1]}


def test_a_query_sees_tables_and_settings(tmp_path: Path) -> None:
    query = "select ticker, count(*) as n from trades where net_r >= getvariable('g.r') group by ticker order by ticker"
    text = f"-- stage: idea\n-- reads: trades\n{query}"
    assert computed(tmp_path, "idea.sql", text, **{"g.r": 1.5}).to_pydict() == {"ticker": ["A"], "n": [1]}


def test_declared_settings_are_read_by_section_and_name(tmp_path: Path) -> None:
    body = "return tables['trades'].assign(least=settings.gates.min_rr)[['least']]"
    assert computed(tmp_path, "idea.py", python(body), **{"gates.min_rr": 2.0})["least"][0].as_py() == 2.0
    with pytest.raises(OwnSignalError, match=r"reads setting gates\.max_rr without declaring"):
        computed(tmp_path, "idea.py", python("return settings.gates.max_rr"), **{"gates.min_rr": 2.0})


def test_missing_values_are_null_and_midnights_are_dates(tmp_path: Path) -> None:
    more = "import pandas as pd"
    columns = "{'day': pd.to_datetime(['2024-01-02', None]), 'x': [1.0, float('nan')], 's': ['a', None]}"
    body = f"return pd.DataFrame({columns})"
    found = computed(tmp_path, "idea.py", python(body, more)).to_pydict()
    assert found == {"day": [dt.date(2024, 1, 2), None], "x": [1.0, None], "s": ["a", None]}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("return tables['graded_setups']", r"own/idea.py line 5: .*reads table graded_setups without declaring it"),
        ("return 1 / 0", r"own/idea.py line 5: ZeroDivisionError"),
        ("return 5", r"own/idea.py line 4: idea: returns int; a stage returns a pandas frame or an Arrow table"),
        ("return tables['trades'][[]]", "returns 0 columns"),
        ("import time\nreturn time.time()", "line 6: idea: calls time.time"),
        ("open('x.txt', 'w')", "writes .*x.txt: a stage writes no file"),
        (
            "return open('/etc/hostname').read()",
            r"reads /etc/hostname: a table may depend on its declared inputs alone",
        ),
        ("import os\nos.fork()", "starts a process"),
        ("import socket\nsocket.create_connection(('127.0.0.1', 9))", "opens a connection"),
        ("import os\nos._exit(3)", "its process ended with exit code 3"),
        ("t = tables['trades']\nt['x'] = [[1], [2], [3]]\nreturn t", "returns x of type list"),
        ("return tables.arrow('trades').append_column('x', [[float('nan')] * 3])", "returns NaN in x"),
        ("t = tables['trades']\nt['x'] = float('inf')\nreturn t", "returns an infinite value in x"),
        ("t = tables['trades']\nt['TICKER'] = 1\nreturn t", "returns the column ticker twice"),
    ],
)
def test_what_a_function_may_not_do_is_refused_with_its_place(tmp_path: Path, body: str, told: str) -> None:
    with pytest.raises(OwnSignalError, match=told):
        computed(tmp_path, "idea.py", python(body))


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("select * from candidates", "line 1: .*reads table candidates without declaring it"),
        ("select * from read_csv('/etc/passwd')", "disabled by configuration"),
        ("select now() as t from trades", "now gives another value at another time"),
        ("select 1 as a; select 2 as b", "a stage is one SELECT; this is SELECT, SELECT"),
        ("select nothing from trades", "nothing"),
        ("selec 1", "syntax error"),
    ],
)
def test_what_a_query_may_not_do_is_refused_with_its_place(tmp_path: Path, query: str, told: str) -> None:
    with pytest.raises(OwnSignalError, match=f"own/idea.sql.*{told}"):
        computed(tmp_path, "idea.sql", f"-- stage: idea\n-- reads: trades\n{query}")


def test_an_endless_loop_ends_at_its_limit(tmp_path: Path) -> None:
    with pytest.raises(OwnSignalError, match=r"own/idea.py line 4: idea took more than 0\.5 s"):
        computed(tmp_path, "idea.py", python("while True: pass"), seconds=0.5)


def test_a_query_may_have_any_file_name_a_byte_order_mark_and_settings_that_are_lists(tmp_path: Path) -> None:
    text = "\ufeff-- stage: idea\n-- reads: trades\nselect len(getvariable('exits.hold_days')) as n;\n"
    found = computed(tmp_path, "My Query-2.sql", text, **{"exits.hold_days": (5, 10)})
    assert found.to_pydict() == {"n": [2]}


def test_a_folder_that_looks_like_a_partition_adds_no_column(tmp_path: Path) -> None:
    folder = tmp_path / "year=2024"
    folder.mkdir()
    assert computed(folder, "idea.py", python("return tables['trades']")).column_names == ["ticker", "net_r"]
