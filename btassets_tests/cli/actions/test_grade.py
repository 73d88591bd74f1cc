"""Grading of a user's own table on the command line."""

import json
from pathlib import Path

import pyarrow.parquet as pq

from btassets_tests.support.book_factory import (
    call,
)


def test_grade_without_a_book(tmp_path: Path, book: Path, market_folder: Path) -> None:
    setups = tmp_path / "setups.parquet"
    assert call("export", "--book", book, "candidates", "--out", setups, "--profile", "legacy").code == 0
    answer = call(
        "grade", "--candidates", setups, "--bars", market_folder / "bars", "--benchmark", market_folder / "SPY.parquet",
        "--profile", "legacy", "--out", tmp_path / "r.json", "--out-rows", tmp_path / "rows.parquet",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["candidates"] == pq.read_metadata(tmp_path / "rows.parquet").num_rows > 0
    page = call(
        "grade", "--candidates", setups, "--bars", market_folder / "bars", "--benchmark", market_folder / "SPY.parquet",
        "--out", tmp_path / "p.json", "--page", tmp_path / "p.html",
    )  # fmt: skip
    assert page.code == 0, page.err
    assert str(tmp_path / "p.html") in page.out.replace("\n", "")
    assert "<h1>setups</h1>" in (tmp_path / "p.html").read_text(encoding="utf-8")
    assert {"equity_curves", "trades", "answer"} <= set(json.loads((tmp_path / "p.json").read_text()))
    assert not {"equity_curves", "trades", "answer"} & set(report)
    same = call(
        "grade", "--candidates", setups, "--bars", market_folder / "bars", "--out", tmp_path / "q.html",
        "--page", tmp_path / "q.html",
    )  # fmt: skip
    assert same.code == 2
    assert "--page" in same.err
    missing = call(
        "grade",
        "--candidates",
        tmp_path / "no.parquet",
        "--bars",
        market_folder / "bars",
        "--out",
        tmp_path / "r2.json",
    )
    assert missing.code == 2
    assert "no.parquet" in missing.err
    typo = call("grade", "--candidates", setups, "--bars", market_folder / "bars", "--out", tmp_path / "r2.json",
                "--set", "gates.min_r=1")  # fmt: skip
    assert typo.code == 2
    assert "did you mean gates.min_rr?" in typo.err
