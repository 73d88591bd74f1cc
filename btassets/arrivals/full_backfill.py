"""Reading the whole window of every ticker again, in a way that goes on where it was stopped.

Belongs here: which tickers a full read has done already. Does not belong here: reading them
(`ohlcv_history.py`).
"""

import time
from collections.abc import Iterable

from btassets.book.book import Book
from btassets.storage.files import writing

_FOLDER = ".full_backfill"
_VALID_SECONDS = 24 * 3600.0


class FullBackfill:
    """What one full read has done, kept in the lake until it has done everything.

    Parameters
    ----------
    book
        Its book.
    token
        Name of the full read: a run and its re-executions share one. A full read that was not taken
        up again within a day is forgotten.
    """

    def __init__(self, book: Book, token: str) -> None:
        self._path = book.lake.root / _FOLDER / f"{token.replace('/', '-')}.txt"
        self._forget_old()

    def _forget_old(self) -> None:
        oldest = time.time() - _VALID_SECONDS
        for path in self._path.parent.glob("*.txt"):
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)

    def remaining(self, tickers: Iterable[str]) -> list[str]:
        """Tickers that are still to be read, in the given order."""
        done = set(self._path.read_text(encoding="utf-8").splitlines()) if self._path.exists() else set()
        return [ticker for ticker in tickers if ticker not in done]

    def note(self, tickers: Iterable[str]) -> None:
        """Remember that these are in the lake."""
        with writing(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write("".join(f"{ticker}\n" for ticker in tickers))

    def finish(self) -> None:
        """Forget everything: the next full read starts anew."""
        self._path.unlink(missing_ok=True)
