"""The suffixes of bar files.

Belongs here: names only. Does not belong here: reading such a file (`bar_files.py`).
"""

PARQUET_SUFFIXES = (".parquet", ".pq")
CSV_SUFFIXES = (".csv", ".csv.gz", ".csv.zst", ".csv.bz2")
SUFFIXES = PARQUET_SUFFIXES + CSV_SUFFIXES


def bar_suffix(name: str) -> str | None:
    """Suffix of a bar file, as spelled; None for any other file.

    Examples
    --------
    >>> bar_suffix("BRK.B.parquet"), bar_suffix("AAPL.CSV.gz"), bar_suffix("notes.txt")
    ('.parquet', '.CSV.gz', None)
    """
    for suffix in SUFFIXES:
        if name.casefold().endswith(suffix) and len(name) > len(suffix):
            return name[-len(suffix) :]
    return None
