"""Suffixes of bar files."""

import pytest

from btassets.sources.files.bar_suffix import bar_suffix


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("AAPL.parquet", ".parquet"),
        ("AAPL.PQ", ".PQ"),
        ("AAPL.csv.gz", ".csv.gz"),
        ("AAPL.csv.bz2", ".csv.bz2"),
        ("BRK.B.csv", ".csv"),
        ("a.parquet.csv", ".csv"),
        (".csv", None),  # a hidden file without a stem
        (".csv.gz", None),
        ("AAPL.csv.zip", None),
        ("AAPL.gz", None),
        ("AAPLcsv", None),
        ("", None),
    ],
)
def test_a_suffix_needs_a_stem_and_is_given_as_spelled(name, suffix):
    assert bar_suffix(name) == suffix
