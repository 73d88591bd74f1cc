"""Files of a folder that may hold bars but are not read: archives, spreadsheets, text, folders.

Belongs here: noticing and naming them. Does not belong here: reading any of them; a source reads the files that its
endings name (`bar_suffix.py`), and no others.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from btassets.sources.files.bar_suffix import bar_suffix

_ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".tgz", ".gz", ".xz", ".bz2", ".zst")
_SHEETS = (".xlsx", ".xls", ".ods", ".json", ".feather", ".h5", ".hdf5", ".pkl")
_TEXTS = (".txt", ".tsv", ".dat", ".prn", ".asc")
_MIN_FIELDS = 5
_HEAD_BYTES = 4096
_MOST_FOLDERS, _MOST_LOOKED_AT = 20, 50


def what_to_do(name: str) -> str | None:
    """Advice for a file that may hold bars and is not read; None for any other.

    Examples
    --------
    >>> what_to_do("AAPL.csv.zip"), what_to_do("AAPL.csv"), what_to_do("README.md")
    ('unpack it', None, None)
    """
    folded = name.casefold()
    if bar_suffix(name) is not None:
        return None
    if folded.endswith(_ARCHIVES):
        return "unpack it"
    return "save it as CSV or Parquet" if folded.endswith(_SHEETS) else None


def unread(folder: Path, *, has_bars: bool = True) -> list[str]:
    """Sentences about what a folder holds and nobody reads, each with how many and the first; none without.

    Parameters
    ----------
    has_bars
        Whether the folder itself has files of bars: a folder in it is an older copy then, and no news.
    """
    packed: list[str] = []
    sheets: list[str] = []
    texts: list[str] = []
    folders: list[str] = []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        advice = what_to_do(entry.name)
        if entry.is_dir():
            if not has_bars and len(folders) < _MOST_FOLDERS and _holds_bars(entry):
                folders.append(entry.name)
        elif advice is not None:
            (packed if advice.startswith("unpack") else sheets).append(entry.name)
        elif entry.name.casefold().endswith(_TEXTS) and len(texts) < _MOST_LOOKED_AT and _is_table(entry):
            texts.append(entry.name)
    found = (
        ("archives", packed, "unpack them"),
        ("files", sheets, "save them as CSV or Parquet"),
        ("tables in text files", texts, "rename them to .csv"),
        ("folders with files of bars", folders, "set source.path to the folder that holds the files"),
    )
    return [f"{len(names)} {what} are not read ({_some(names)}); {advice}." for what, names, advice in found if names]


def _some(names: Sequence[str]) -> str:
    return f"first: {names[0]}" if len(names) > 1 else names[0]


def _holds_bars(folder: Path) -> bool:
    try:
        return any(bar_suffix(entry.name) is not None for entry in _first(folder.iterdir()))
    except OSError:
        return False


def _first(entries: Iterable[Path]) -> list[Path]:
    return [entry for _, entry in zip(range(_MOST_LOOKED_AT), entries, strict=False)]


def _is_table(path: Path) -> bool:
    """Whether the first two lines have the same five fields or more."""
    try:
        with path.open("rb") as file:
            lines = file.read(_HEAD_BYTES).decode("utf-8", "replace").splitlines()[:2]
    except OSError:
        return False
    if len(lines) < 2:
        return False
    return any(lines[0].count(sign) == lines[1].count(sign) >= _MIN_FIELDS - 1 for sign in ",;\t|")
