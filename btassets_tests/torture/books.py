"""The undisturbed book, copies of it to attack, and whether a copy equals it.

Belongs here: one small market and what its tables are. Does not belong here: attacks.
"""

import hashlib
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from btassets_tests.support.book_factory import make_book, plain, tables_of, write_market
from btassets_tests.torture.workers import Said, in_child, run

N_TICKERS, N_BARS, N_BUCKETS = 6, 400, 4
CHANGED = "engine.atr_stop_multiple=1.6"
"""A setting that changes every table below the bars."""


@dataclass
class Bench:
    """What every attack works with.

    Attributes
    ----------
    root
        Temporary folder of this run.
    clean
        The undisturbed book.
    expected
        Digest of each of its tables.
    random
        Seeded; all choices come from it.
    is_full
        Whether the long form runs.
    """

    root: Path
    clean: Path
    expected: dict[str, str]
    random: random.Random
    is_full: bool

    @contextmanager
    def copy(self) -> Iterator[Path]:
        """A copy of the undisturbed book."""
        folder = self.root / f"book-{self.random.randrange(16**8):08x}"
        shutil.copytree(self.clean, folder, symlinks=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def new(self) -> Iterator[Path]:
        """A book over the same market that was never run."""
        folder = make_book(
            self.root / f"new-{self.random.randrange(16**8):08x}", self.root / "market", storage__buckets=N_BUCKETS
        )
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def whole_again(self, folder: Path) -> str | None:
        """Run the book undisturbed: None when it ends with 0 and equals the clean one, else what is wrong."""
        return self.judged(folder, run(["run", "--book", folder, "--quiet"]))

    def judged(self, folder: Path, said: Said) -> str | None:
        """Whether a run ended well and its tables are those of the undisturbed book; None: yes."""
        if said.code or said.has_traceback:
            return f"run ended with {said.code}: {said.err.strip()[-600:]}"
        differing = self.differing(folder)
        return f"tables differ: {', '.join(differing)}" if differing else None

    def differing(self, folder: Path) -> list[str]:
        """Names of the tables that differ from the undisturbed book's."""
        try:
            found = in_child(digests, folder)
        except RuntimeError as error:
            return [f"unreadable ({str(error)[-300:]})"]
        # Other scenarios and sweeps add to the ledger; what the base tried is in it once.
        tried = found["trials"].split("\n")
        if len(set(tried)) == len(tried) and set(self.expected["trials"].split("\n")) <= set(tried):
            found["trials"] = self.expected["trials"]
        return sorted(name for name in {*found, *self.expected} if found.get(name) != self.expected.get(name))


def make_bench(root: Path, seed: int, *, is_full: bool) -> Bench:
    """Write the market, run the undisturbed book."""
    write_market(root / "market", N_TICKERS, N_BARS)
    clean = make_book(root / "clean", root / "market", storage__buckets=N_BUCKETS)
    said = run(["run", "--book", clean, "--quiet"], timeout=600)
    if said.code:
        raise RuntimeError(f"the undisturbed run ended with {said.code}: {said.err}")
    return Bench(root, clean, in_child(digests, clean), random.Random(seed), is_full)


def digests(folder: Path) -> dict[str, str]:
    """Digest of every table of a book, the bars among them, and the rows of the ledger of trials."""
    from btassets.book.book import open_book
    from btassets.run.trials import read_trials

    tables = tables_of(folder)
    found = {name: hashlib.sha256(repr(plain(t).to_pydict()).encode()).hexdigest() for name, t in tables.items()}
    ledger = read_trials(open_book(folder, environ={})).drop_columns(["trial_no"])
    found["trials"] = "\n".join(repr(row) for row in ledger.to_pylist())
    return found
