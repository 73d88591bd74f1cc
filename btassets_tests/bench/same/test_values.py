"""The comparison of two installs sees a changed value, and nothing else."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from btassets_tests.bench.same import renamed
from btassets_tests.bench.same.values import compare_books

ROWS = pa.table(
    {
        "scenario": ["base", "base", "base"],
        "policy": pa.array(["hold", "target", None]),
        "estimate": pa.array([0.1, float("nan"), None]),
        "text": ["1,040 setups, 51.2% hit", "none", "none"],
        "years": pa.array([[{"year": 2020, "return_pct": 1.5}], [], None]),
    }
)
REPORT = {"scenario": "base", "settings_hash": "0", "settings": {"portfolio.max_positions": 10}, "head": "10 of 12"}


def book(folder: Path, rows: pa.Table = ROWS, table: str = "stat_portfolio", **report: object) -> Path:
    path = folder / "data" / table / "base.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(rows, path)
    page = folder / "reports" / "2025-12-31-base-0123456789ab" / "report.json"
    page.parent.mkdir(parents=True)
    page.write_text(json.dumps(REPORT | report))
    return folder


def test_a_book_is_the_same_as_itself(tmp_path):
    found = compare_books(book(tmp_path / "a"), book(tmp_path / "b"))
    assert (found.values, found.wording, found.n_tables) == ([], {}, 1)
    assert found.n_values > 15


def test_old_names_are_mapped(tmp_path):
    old = book(tmp_path / "a", table="stat_book", settings={"book.max_positions": 10}, settings_hash="1")
    assert compare_books(old, book(tmp_path / "b")).values == []


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("estimate", pa.array([0.1 + 1e-17 + 2e-17, float("nan"), None])),
        ("estimate", pa.array([-0.1, float("nan"), None])),
        ("estimate", pa.array([0.1, None, None])),
        ("estimate", pa.array([0.1, float("nan"), 0.0])),
        ("estimate", pa.array([0.1, float("nan"), None], pa.float32())),
        ("policy", pa.array(["hold", "hold", None])),
        ("text", pa.array(["1,041 setups, 51.2% hit", "none", "none"])),
        ("years", pa.array([[{"year": 2020, "return_pct": 1.6}], [], None])),
    ],
)
def test_a_changed_value_is_found(tmp_path, column, values):
    at = ROWS.column_names.index(column)
    found = compare_books(book(tmp_path / "a"), book(tmp_path / "b", ROWS.set_column(at, column, values)))
    assert len(found.values) == 1
    assert column in found.values[0]


def test_other_words_with_the_same_numbers_are_counted_not_refused(tmp_path):
    rows = ROWS.set_column(3, "text", pa.array(["of 1,040 setups 51.2% hit", "none", "none"]))
    found = compare_books(book(tmp_path / "a"), book(tmp_path / "b", rows, head="10 out of 12"))
    assert found.values == []
    assert found.wording == {"stat_portfolio.text": 1, "report.json": 1}


def test_lost_rows_columns_files_and_report_entries_are_found(tmp_path):
    old = book(tmp_path / "a")
    assert "2 here" in compare_books(old, book(tmp_path / "b", ROWS.slice(1))).values[0]
    assert "['text']" in compare_books(old, book(tmp_path / "c", ROWS.drop_columns(["text"]))).values[0]
    assert len(compare_books(old, book(tmp_path / "d", table="trades")).values) == 2
    assert ".head" in compare_books(old, book(tmp_path / "e", head="11 of 12")).values[0]
    assert "more" in compare_books(old, book(tmp_path / "f", more=1)).values[0]


def test_every_map_leads_from_an_old_name_to_another(tmp_path):
    for old, new in {**renamed.TABLES, **renamed.SETTINGS, **renamed.PROFILES, **renamed.REPORT_KEYS}.items():
        assert old != new
    words = renamed.Words(renamed.PROFILES, renamed.SETTINGS)
    assert words.of_setting("portfolio.max_positions") == "book.max_positions"
    assert words.of_setting("method.portfolio") == "method.book"
    assert words.of_profile("legacy") == "seed"
    assert renamed.words_of(Path(__file__).parents[3]).of_profile("legacy") == "legacy"
