"""`--out` writes a regular file or a new one in a folder that exists, and nothing else."""

import csv
import json
import os
from pathlib import Path

import pyarrow as pa
import pytest

from btassets.cli.actions.look import write_table
from btassets.cli.output.csv_text import csv_text, json_text, safe_table
from btassets.cli.output.out_file import checked_out
from btassets.errors import UsageError
from btassets_tests.support.book_factory import call, lake_files


def commands(book: Path, out: object) -> list[list[object]]:
    return [
        ["export", "trades", "--book", book, "--out", out],
        ["sweep", "gates.min_rr=1,2", "--book", book, "--quiet", "--out", out],
    ]


@pytest.mark.parametrize("what", ["folder", "missing", "pipe", "device", "lake", "settings", "link to device"])
def test_no_command_writes_anything_but_a_file(book: Path, tmp_path: Path, what: str) -> None:
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "link.csv").symlink_to("/dev/full")
    out = {
        "folder": tmp_path / "folder.csv",
        "missing": tmp_path / "nothing" / "x.csv",
        "pipe": tmp_path / "pipe.csv",
        "device": Path("/dev/x.csv"),
        "lake": book / "data" / "trades" / "base.parquet",
        "settings": book / "btassets.toml",
        "link to device": tmp_path / "link.csv",
    }[what]
    before, kept = sorted(tmp_path.rglob("*")), lake_files(book)
    for words in commands(book, out):
        answer = call(*words)
        assert answer.code == 2, (words, answer.err)
        assert str(out) in answer.err
    assert [p for p in sorted(tmp_path.rglob("*")) if p not in before] == []
    assert lake_files(book) == kept
    assert not Path("/dev/x.csv").exists()


def test_the_folder_in_memory_is_a_folder_of_files() -> None:
    if Path("/dev/shm").is_dir():
        checked_out(Path("/dev/shm/no-such-name.csv"))
    with pytest.raises(UsageError, match="a folder of devices"):
        checked_out(Path("/dev/no-such-name.csv"))


def test_an_existing_file_and_a_link_to_one_are_replaced(book: Path, tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to("old.csv")
    assert call("export", "trades", "--book", book, "--out", tmp_path / "link.csv").code == 0
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "old.csv").read_text().startswith('"scenario"')
    assert sorted(p.name for p in tmp_path.iterdir() if p.suffix == ".csv") == ["link.csv", "old.csv"]


def test_a_file_that_is_read_is_no_target(tmp_path: Path) -> None:
    given = tmp_path / "a.csv"
    given.write_text("x")
    with pytest.raises(UsageError, match="an input file of this command"):
        checked_out(given, endings=(), inputs=(tmp_path / "b" / ".." / "a.csv",))
    answer = call("grade", "--candidates", given, "--bars", tmp_path, "--out", given)
    assert answer.code == 2
    assert given.read_text() == "x"


EVIL = ["=cmd|' /C calc'!A0", "@SUM(1)", "+1+2", "-2+3", "\t=1", "AAPL", "", "a=b", None]


def test_exported_text_is_never_a_formula(tmp_path: Path) -> None:
    data = pa.table({"=head": EVIL, "number": [-1.5] * len(EVIL), "label": pa.array(EVIL).dictionary_encode()})
    write_table(data, tmp_path / "x.csv")
    rows = list(csv.reader((tmp_path / "x.csv").open()))
    assert rows[0] == ["'=head", "number", "label"]
    for row, given in zip(rows[1:], EVIL, strict=True):
        assert row[0] == row[2] == (f"'{given}" if given and given[0] in "=@+-\t" else given or "")
        assert row[1] == "-1.5"
    assert safe_table(data).num_rows == len(EVIL)
    assert csv_text(["=a"], [["=1"], [-1.5]]).splitlines() == ["'=a", "'=1", "-1.5"]
    write_table(data, tmp_path / "x.json")
    assert json.loads((tmp_path / "x.json").read_text())[0]["=head"] == EVIL[0]


def test_json_has_null_for_what_is_no_finite_number() -> None:
    assert json.loads(json_text([{"a": float("nan"), "b": [float("inf"), 1.5]}])) == [{"a": None, "b": [None, 1.5]}]


@pytest.mark.parametrize(
    "query",
    [
        "select 1/0 as x",
        "select 'nan'::double x, 'inf'::float y, [1/0] z",
        "select date 'infinity' x",
        "select interval 1 day x, '\\xAA'::blob y, 1::hugeint z, {'a': 1} w, map {'k': 1} m",
        "select 1 x, 2 x",
        "select chr(27) || '[2J' as x, '=1' as \"=y\"",
        "select * from stat_book",
        "select '" + "x" * 10_000 + "' from nowhere",
    ],
)
@pytest.mark.parametrize("layout", ["table", "csv", "json"])
def test_sql_answers_or_refuses_in_every_format(book: Path, query: str, layout: str) -> None:
    answer = call("sql", query, "--format", layout, "--book", book)
    assert answer.code in (0, 2), answer.err
    assert "\x1b" not in answer.out or layout == "csv"
    assert len(answer.err) < 1_500
    if layout == "json" and answer.code == 0:
        json.loads(answer.out, parse_constant=pytest.fail)


def test_printed_numbers_have_six_digits_and_escapes_are_shown(book: Path) -> None:
    query = "select 1.23456789::double a, 123456789.5::double b, 1.5e-7::double c, 2 d, chr(27) || '[31m' e"
    answer = call("sql", query, "--book", book)
    assert answer.out.splitlines()[1].split() == ["1.23457", "123456790", "1.5e-07", "2", "\\x1b[31m"]
