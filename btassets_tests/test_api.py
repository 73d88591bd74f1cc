"""The Python API: the same answers as the command line, as frames and exceptions."""

import json
import subprocess
import sys
import warnings
from pathlib import Path

import pandas as pd
import pytest

import btassets as bt
from btassets.api import RunFailedError
from btassets.errors import CandidateTableError, NeverRunError, NoBookError, SettingError, UnknownTableError, UsageError
from btassets_tests.support.book_factory import PROJECT, call


def test_public_names_are_typed_and_documented() -> None:
    for name in bt.__all__:
        if name != "__version__":
            thing = getattr(bt, name)
            assert thing.__doc__, name
            assert "return" in (thing.__init__ if isinstance(thing, type) else thing).__annotations__, name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        bt.nothing  # noqa: B018  (the access is the test)
    assert (Path(bt.__file__).parent / "py.typed").is_file()


def test_a_table_is_what_export_writes(book: Path, tmp_path: Path) -> None:
    opened = bt.Book(book)
    found = opened.table("setup_stats")
    assert call("export", "--book", book, "setup_stats", "--out", tmp_path / "s.parquet").code == 0
    pd.testing.assert_frame_equal(found, pd.read_parquet(tmp_path / "s.parquet"), check_dtype=False)
    graded = bt.table(book, "graded_setups")
    assert graded["asof_date"].dtype.kind == "M"
    assert isinstance(graded["ticker"].iloc[0], str)
    assert {"setup_stats", "trades"} <= set(opened.tables)
    with pytest.raises(UnknownTableError, match="no_such"):
        opened.table("no_such")


def test_the_report_is_report_json(book: Path) -> None:
    assert bt.Book(book).report == json.loads((book / "reports/latest/report.json").read_text(encoding="utf-8"))


def test_a_folder_without_a_book_and_a_book_without_a_run_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NoBookError):
        bt.Book(tmp_path)
    made = bt.Book.create(tmp_path / "own", {"source.kind": "demo", "demo.tickers": 3})
    assert "tickers = 3" in (made.folder / "btassets.toml").read_text(encoding="utf-8")
    with pytest.raises(NeverRunError):
        made.report  # noqa: B018  (the access is the test)
    with pytest.raises(UsageError, match="exists"):
        bt.Book.create(tmp_path / "own", {})
    with pytest.raises(SettingError):
        bt.Book.create(tmp_path / "other", {"gates.min_rr": "much"})
    assert not (tmp_path / "other").exists()


def test_a_scenario_is_run_compared_and_swept(own_book: Path) -> None:
    base = bt.Book(own_book)
    loose = base.run({"gates.min_rr": 1.0, "gates.floors": ["high_52w >= 0"]}, name="loose")
    assert loose.scenario == "loose"
    assert len(loose.table("trades")) > 0
    document = base.compare(loose)
    assert document["scenarios"] == ["base", "loose"]
    assert bt.compare(base, bt.Book(own_book, "loose")) == document
    with pytest.raises(UsageError, match="two books"):
        base.compare(bt.Book.create(own_book.parent / "other", {"source.kind": "demo"}))
    found = base.sweep({"gates.min_rr": [1.0, 1.5], "portfolio.max_positions": "5:10:5"}, by="cagr_pct")
    assert found.cells[["gates.min_rr", "portfolio.max_positions"]].to_numpy().tolist() == [
        ["1", "5"], ["1", "10"], ["1.5", "5"], ["1.5", "10"],
    ]  # fmt: skip
    assert found.document["trials"]["cells"] == 4
    with pytest.raises(UsageError, match="universe"):
        base.sweep({"universe.tickers": ["A"]})


def test_a_run_that_fails_says_why(own_book: Path, own_market: Path) -> None:
    base = bt.Book(own_book)
    with pytest.raises(SettingError, match=r"gates\.min_rr"):
        base.run({"gates.min_rr": "much"})
    (own_market / "SPY.parquet").write_bytes(b"no Parquet")
    with pytest.raises(RunFailedError, match="SPY") as caught:
        base.run()
    assert caught.value.code in (2, 3)


def test_refused_tickers_are_a_warning(own_book: Path, own_market: Path) -> None:
    path = sorted((own_market / "bars").glob("*.parquet"))[0]
    path.write_bytes(b"no Parquet")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        bt.Book(own_book).run()
    assert any(path.stem in str(one.message) for one in caught)


def test_given_setups_are_graded_as_by_the_command(own_market: Path, book: Path, tmp_path: Path) -> None:
    columns = ["ticker", "asof_date", "direction", "entry", "stop", "target"]
    graded = bt.table(book, "candidates")
    setups = graded[graded["is_week"]][columns].head(200)
    found = bt.grade(setups, own_market / "bars", benchmark=own_market / "SPY.parquet")
    file = tmp_path / "setups.parquet"
    setups.to_parquet(file, index=False)
    answer = call(
        "grade", "--candidates", file, "--bars", own_market / "bars", "--benchmark", own_market / "SPY.parquet",
        "--out", tmp_path / "r.json", "--out-rows", tmp_path / "rows.parquet",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    assert found.report == json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert len(found.rows) == 200
    again = bt.grade(file, own_market / "bars", benchmark=own_market / "SPY.parquet")
    pd.testing.assert_frame_equal(again.rows, found.rows)
    with pytest.raises(CandidateTableError, match="entry"):
        bt.grade(setups.drop(columns="entry"), own_market / "bars")


@pytest.mark.long
def test_the_example_of_the_docs_runs(tmp_path: Path) -> None:
    script = PROJECT / "docs" / "examples" / "first_steps.py"
    done = subprocess.run([sys.executable, script, tmp_path / "book"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "sharpe" in done.stdout
    assert script.read_text(encoding="utf-8").split('"""')[2].strip() in (PROJECT / "docs" / "python.md").read_text(
        encoding="utf-8"
    )
