"""Files of a folder that may hold bars but are not read: archives, spreadsheets, text, folders.

Belongs here: noticing and naming them. Does not belong here: reading any of them; a source reads the files that its
endings name (`bar_suffix.py`), and no others.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from btassets.counted import counted
from btassets.sources.files.bar_suffix import bar_suffix

_ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".tgz", ".gz", ".xz", ".bz2", ".zst")
_SHEETS = (".xlsx", ".xls", ".ods", ".json", ".feather", ".h5", ".hdf5", ".pkl")
_TEXTS = (".txt", ".tsv", ".dat", ".prn", ".asc")
_MIN_FIELDS = 5
_HEAD_BYTES = 4096
_MOST_LOOKED_AT = 50


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
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        advice = what_to_do(entry.name)
        if entry.is_dir():
            continue
        if advice is not None:
            (packed if advice.startswith("unpack") else sheets).append(entry.name)
        elif entry.name.casefold().endswith(_TEXTS) and len(texts) < _MOST_LOOKED_AT and _is_table(entry):
            texts.append(entry.name)
    found = [
        ("archive", packed, "unpack {}"),
        ("file", sheets, "save {} as CSV or Parquet"),
        ("table in text files", texts, "rename {} to .csv"),
    ]
    if not has_bars:
        below = list(_below(folder))
        found += [
            (
                "file of bars in sub-folders",
                [name for name in below if bar_suffix(name) is not None],
                "set source.path to the folder that holds the files, or source.ticker_pattern to a pattern with a "
                "slash, e.g. ^([^/]+)/[^/]+$ if each folder is named after its ticker",
            ),
            ("table in text files of sub-folders", [n for n in below if bar_suffix(n) is None], "rename {} to .csv"),
        ]
    return [
        f"{_number(what, names)} not read ({_some(names)}); {advice.format('it' if len(names) == 1 else 'them')}."
        for what, names, advice in found
        if names
    ]


def _some(names: Sequence[str]) -> str:
    return f"first: {names[0]}" if len(names) > 1 else names[0]


def _number(what: str, names: Sequence[str]) -> str:
    noun, _, rest = what.partition(" ")
    at_most = "at least " if len(names) == _MOST_LOOKED_AT else ""
    return f"{at_most}{counted(len(names), noun)}{' ' * bool(rest)}{rest} {'is' if len(names) == 1 else 'are'}"


def _below(folder: Path) -> Iterator[str]:
    """Paths of bar files and tables in sub-folders, the first ones."""
    n = 0
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names) if Path(root) != folder else ():
            path = Path(root, name)
            is_text = name.casefold().endswith(_TEXTS) and _is_table(path)
            if not name.startswith(".") and (bar_suffix(name) is not None or is_text):
                yield path.relative_to(folder).as_posix()
                n += 1
            if n == _MOST_LOOKED_AT:
                return


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
