"""Paths of the files of a lake, kept: a run reads the footers of each table in a dozen places.

Belongs here: building each path and its place once, since pathlib would take most of the time of a read. Does not
belong here: the files (`lake.py`).
"""

from functools import lru_cache
from pathlib import Path

_MAX_PATHS = 4_096
"""64 buckets of every bucketed table of a few books."""


@lru_cache(maxsize=_MAX_PATHS)
def bucket_path(root: Path, table: str, bucket: int) -> Path:
    """File of one bucket of a table.

    >>> bucket_path(Path("data"), "candidates/base", 3).as_posix()
    'data/candidates/base/bucket-0003.parquet'
    """
    return root / table / f"bucket-{bucket:04d}.parquet"


@lru_cache(maxsize=_MAX_PATHS)
def place_in(root: Path, path: Path) -> str:
    """Location of a file below `root`, as in its footer.

    >>> place_in(Path("data"), Path("data/trades/base.parquet"))
    'trades/base'
    """
    return path.relative_to(root).as_posix().removesuffix(".parquet")


def entries(folder: Path) -> list[Path]:
    """Content of a folder, by name; empty if it is not a folder. Names are never treated as patterns."""
    return sorted(folder.iterdir()) if folder.is_dir() else []


def parquet_in(folder: Path) -> list[Path]:
    """Visible Parquet files directly in a folder, by name."""
    return [p for p in entries(folder) if p.name.endswith(".parquet") and not p.name.startswith(".") and p.is_file()]
