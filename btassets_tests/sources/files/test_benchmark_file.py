"""The benchmark's own file: it is read without some of the stocks' columns, and the missing ones are named."""

from pathlib import Path

import numpy as np
import pytest

from btassets.errors import BenchmarkError
from btassets.sources.files.bar_folder import FilesSource
from btassets.sources.files.benchmark_file import read_benchmark
from btassets.sources.files.column_mapping import ColumnNames
from btassets_tests.support.situations import csv_of, files_of, folder_of, market, walk, weekdays

STOCKS = ColumnNames(date="date", dividend="paid", split="ratio", adjusted_close="adj")


@pytest.mark.parametrize(
    ("extra", "cells", "lacks"),
    [
        ("paid,ratio,adj", "0.5,1,10", None),
        ("paid,ratio", "0.5,1", None),  # an adjusted close is only compared
        ("ratio", "1", "'paid'"),
        ("paid", "0.5", "'ratio'"),
        ("", "", "'ratio', 'paid'"),
    ],
)
def test_actions_that_its_file_lacks_are_named(tmp_path: Path, extra: str, cells: str, lacks: str | None) -> None:
    bars = walk(3, weekdays(n=50))
    head = ",".join(filter(None, ("date,open,high,low,close,volume", extra)))
    text = csv_of(bars, head=head, more=(lambda _: cells) if cells else None)
    folder_of(tmp_path, {"INDEX.csv": text})
    found = read_benchmark("INDEX.csv", FilesSource(tmp_path), STOCKS, tmp_path)
    said = [note.text for note in found.notes if note.rule == "Q25"]
    assert np.array_equal(found.close, bars.close)
    assert found.dividend[0] == (0.5 if "paid" in extra else 0.0)
    assert len(said) == (lacks is not None)
    assert lacks is None or f"benchmark INDEX: its file has no column {lacks}, which the stocks' have" in said[0]


def test_the_first_refusal_is_the_one_that_is_told(tmp_path: Path) -> None:
    folder_of(tmp_path, {"BAD.csv": "date,close\n2021-01-04,1\n", **files_of(market(1))})
    with pytest.raises(BenchmarkError, match="'open'"):
        read_benchmark("BAD.csv", FilesSource(tmp_path), STOCKS, tmp_path)
    with pytest.raises(BenchmarkError, match="no such file or ticker"):
        read_benchmark("NOPE", FilesSource(tmp_path), STOCKS, tmp_path)
