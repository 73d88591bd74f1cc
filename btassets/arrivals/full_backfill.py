"""Resumable reading of the whole window of every ticker.

Belongs here: the tickers already done by a full read. Does not belong here: reading them (`ohlcv_history.py`).
"""

import time
from collections.abc import Iterable

from btassets.book.book import Book
from btassets.storage.files import writing

_FOLDER = ".full_backfill"
_VALID_SECONDS = 24 * 3600.0


class FullBackfill:
    """Progress of one full read, stored in the lake until it is complete.

    Parameters
    ----------
    book
        Its book.
    token
        Name of the full read, shared by a run and its re-executions. A full read not resumed within a day is forgotten.
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
        """Tickers still to be read, in the given order."""
        done = set(self._path.read_text(encoding="utf-8").splitlines()) if self._path.exists() else set()
        return [ticker for ticker in tickers if ticker not in done]

    def note(self, tickers: Iterable[str]) -> None:
        """Record that these are in the lake."""
        with writing(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write("".join(f"{ticker}\n" for ticker in tickers))

    def finish(self) -> None:
        """Forget the progress: the next full read starts anew."""
        self._path.unlink(missing_ok=True)
