"""Queries of the warehouse: formats, and nothing is written or read outside of it."""

import csv
import io
import json
from pathlib import Path

import pytest

from btassets_tests.support.book_factory import (
    call,
)


def test_sql_answers_in_three_formats(book: Path) -> None:
    query = "select ticker, count(*) as n, 'a,b' as t from candidates group by 1 order by 1 limit 2"
    assert "SYN0001" in call("sql", "--book", book, query).out
    rows = list(csv.DictReader(io.StringIO(call("sql", "--book", book, query, "--format", "csv").out)))
    assert [row["ticker"] for row in rows] == ["SYN0001", "SYN0002"]
    assert rows[0]["t"] == "a,b"
    parsed = json.loads(call("sql", "--book", book, query, "--format", "json").out)
    assert [str(row["n"]) for row in parsed] == [row["n"] for row in rows]
    assert "candidates" in call("sql", "--book", book, "show tables").out


@pytest.mark.parametrize(
    "query",
    [
        "copy (select 1) to '{lake}/evil.parquet'",
        "copy (select 1) to '{outside}/evil.csv'",
        "export database '{lake}/dump'",
        "attach '{lake}/evil.duckdb'",
        "create table evil as select 1",
        "insert into candidates select * from candidates",
        "select 1; copy (select 1) to '{lake}/evil.parquet'",
        "explain analyze copy (select 1) to '{lake}/evil.parquet'",
        "select * from read_csv('{outside}/secret.csv')",
        "select * from '{outside}/secret.csv'",
        "select * from read_text('{outside}/secret.csv')",
        "select * from glob('{outside}/*')",
        "set enable_external_access = true",
        "install httpfs",
        "select * from nowhere",
        "selekt",
        "",
    ],
)
def test_sql_neither_writes_nor_reads_outside(book: Path, tmp_path: Path, query: str) -> None:
    (tmp_path / "secret.csv").write_text("a\nsecret\n")
    before = sorted(p for p in tmp_path.rglob("*"))
    answer = call("sql", "--book", book, query.format(lake=book / "data", outside=tmp_path))
    assert answer.code == 2, answer.out
    assert "secret\n" not in answer.out
    assert sorted(p for p in tmp_path.rglob("*")) == before
