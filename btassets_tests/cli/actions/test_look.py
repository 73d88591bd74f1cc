"""Commands that show results: today, report, export."""

import csv
import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from btassets_tests.support.book_factory import (
    call,
    make_book,
    tables_of,
)


def test_today_in_three_formats(book: Path) -> None:
    table = call("today", "--book", book)
    assert table.code == 0
    assert "2022-01-05" in table.out
    assert "sessions ago" in table.err
    rows = json.loads(call("today", "--book", book, "--format", "json").out)
    assert rows["as_of"] == "2022-01-05"
    parsed = list(csv.reader(io.StringIO(call("today", "--book", book, "--format", "csv").out)))
    assert "ticker" in parsed[0]
    signal_day = json.loads(call("today", "--book", book, "--format", "json", "--signal-day").out)
    assert signal_day["as_of"] == "2021-12-31"
    assert call("today", "--book", book, "--capital", "50000").code == 0


def test_today_refuses_old_bars_when_asked_and_a_book_never_run(
    book: Path, tmp_path: Path, market_folder: Path
) -> None:
    old = call("today", "--book", book, "--max-age", "3")
    assert old.code == 3
    assert "2022-01-05" in old.err
    assert old.out == ""
    never = call("today", "--book", make_book(tmp_path / "new", market_folder))
    assert never.code == 3
    assert "never run" in never.err


def test_report_says_where_it_is(book: Path, tmp_path: Path, market_folder: Path) -> None:
    answer = call("report", "--book", book)
    assert answer.code == 0
    assert "report.html" in answer.out
    never = make_book(tmp_path / "new", market_folder)
    said = call("report", "--book", never)
    assert said.code == 3
    assert said.err == call("today", "--book", never).err == call("sql", "--book", never, "select 1").err


@pytest.mark.parametrize("ending", ["parquet", "csv", "json"])
def test_export_in_three_forms(book: Path, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"candidates.{ending}"
    answer = call("export", "--book", book, "candidates", "--out", out, "--grid", "week")
    assert answer.code == 0, answer.err
    n_rows = pq.read_table(book / "data" / "factor_signals" / "base.parquet").num_rows
    if ending == "parquet":
        data = pq.read_table(out)
        assert data.column_names[:7] == [
            "ticker", "asof_date", "direction", "is_week", "is_bar", "is_own_week", "is_latest",
        ]  # fmt: skip
        rows = data.to_pylist()
        outsiders = (
            "entry stop target rr confidence primary_prob best_prob momentum residual_momentum action risk_level"
        )
        outsiders += " outcome realized_r hold_days stop_day risk_pct time_r_5 time_r_10 time_r_21 time_r_30"
        graded = "outcome realized_r hold_days stop_day risk_pct time_r_5 time_r_10 time_r_21 time_r_30"
        assert set(outsiders.split()) | {f"{name}_open" for name in graded.split()} <= set(data.column_names)
        keys = [(r["ticker"].encode(), r["asof_date"], r["direction"]) for r in rows]
        assert keys == sorted(keys)
    elif ending == "csv":
        rows = list(csv.DictReader(out.open()))
    else:
        rows = json.loads(out.read_text())
    assert rows
    assert n_rows
    assert f"{len(rows):,} rows of candidates" in answer.out


def test_export_chooses_grid_and_profile(book: Path, tmp_path: Path) -> None:
    def exported(*words: str) -> list[dict]:
        out = tmp_path / "x.parquet"
        assert call("export", "--book", book, "candidates", "--out", out, *words).code == 0
        return pq.read_table(out).to_pylist()

    everything = exported()
    for grid in ("week", "bar"):
        assert len(exported("--grid", grid)) == sum(row[f"is_{grid}"] for row in everything)
    seed = exported("--profile", "legacy")
    assert 0 < len(seed) == sum(row["is_bar"] and row["n_forward"] == 30 for row in everything)
    assert any(row["outcome"] is None for row in everything)


def test_export_of_every_table_and_of_none(book: Path, tmp_path: Path) -> None:
    for name in [*tables_of(book), "bar_problems"]:
        assert call("export", "--book", book, name, "--out", tmp_path / "t.csv").code == 0, name
    unknown = call("export", "--book", book, "candidats", "--out", tmp_path / "x.csv")
    assert unknown.code == 2
    assert "did you mean candidates?" in unknown.err
    ending = call("export", "--book", book, "candidates", "--out", tmp_path / "x.xls")
    assert ending.code == 2
    assert ".csv" in ending.err
