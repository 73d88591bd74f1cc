"""Command lines that nobody should write: wrong words, impossible numbers, odd names.

Invariant: a documented exit code, words on stderr where it is not 0, no traceback, nothing written outside.
"""

from pathlib import Path
from random import Random

from btassets_tests.torture.bad_inputs import _TEXTS, _answers
from btassets_tests.torture.books import Bench
from btassets_tests.torture.counts import Counts
from btassets_tests.torture.workers import in_child

_BATCH = 60

_LINES: tuple[tuple[str, ...], ...] = (
    ("today", "--capital", "?"),
    ("today", "--max-age", "?"),
    ("today", "--format", "?"),
    ("today", "--scenario", "?", "--format", "json"),
    ("report", "--scenario", "?"),
    ("export", "?", "--out", "{out}/x.csv"),
    ("export", "trades", "--out", "?"),
    ("export", "candidates", "--grid", "?", "--out", "{out}/x.csv"),
    ("sql", "?"),
    ("sql", "select ? as x"),
    ("sql", "select 1/0 as x", "--format", "?"),
    ("sql", "select '?' as x", "--format", "json"),
    ("config", "--set", "?"),
    ("config", "--set", "gates.min_rr=?"),
    ("config", "--scenario", "?"),
    ("doctor", "--max-age", "?"),
    ("run", "--scenario", "?"),
    ("run", "--tickers", "?"),
    ("run", "--workers", "?"),
    ("run", "--set", "gates.min_rr=?", "--as", "../x"),
    ("run", "--set", "?", "--as", "?"),
    ("ingest", "--tickers", "?"),
    ("compare", "?", "base"),
    ("sweep", "?"),
    ("sweep", "gates.min_rr=?"),
    ("prune", "--keep-days", "?", "--dry-run"),
    ("prune", "--keep-runs", "?", "--dry-run"),
    ("ui", "--port", "?x"),
    ("schedule", "?"),
    ("init", "?"),
    ("grade", "--candidates", "?", "--bars", "?", "--out", "{out}/r.json"),
    ("?",),
    ("--?",),
)
_NUMBERS = (
    "nan",
    "inf",
    "-inf",
    "-1",
    "0",
    "1e400",
    "9" * 20,
    "9" * 5000,
    "1.5",
    "70000",
    "--",
    "-",
    "1:2:0",
    "2:1:1",
    "1:9:1e-9",
)


def misuse_commands(bench: Bench, n: int) -> Counts:
    """Try command lines in batches of one process each, on a copy of the book."""
    counts = Counts("misused command lines")
    while counts.n_faults < n:
        size = min(_BATCH, n - counts.n_faults)
        seed = bench.random.randrange(2**32)
        with bench.copy() as folder:
            outside = bench.root / "outside"
            outside.mkdir(exist_ok=True)
            try:
                refused, accepted, failures = in_child(_batch, str(folder), str(outside), seed, size, timeout=300)
            except RuntimeError as error:
                refused, accepted, failures = 0, 0, [f"command lines, seed {seed}: {error}"]
            counts.n_faults += size
            counts.n_refused += refused
            counts.n_unharmed += accepted
            for failure in failures:
                counts.fail(failure)
    return counts


def _batch(folder: str, outside: str, seed: int, size: int) -> tuple[int, int, list[str]]:
    import os

    from btassets.cli.main import main
    from btassets.errors import BtassetsError

    work = Path(outside) / f"work-{seed}"
    work.mkdir()
    os.chdir(work)
    refused, accepted = 0, 0
    failures: list[str] = []
    for k in range(size):
        words = _words(Random(f"{seed} {k}"), folder, str(work))
        try:
            accepted += _answers(lambda words=words: main(words))
        except BtassetsError:
            refused += 1
        except Exception as error:  # noqa: BLE001  (exactly these must not come out)
            shown = " ".join(word if len(word) < 60 else f"{word[:30]}...({len(word)})" for word in words)
            failures.append(f"{shown!r}: {type(error).__name__}: {error}"[:500])
    return refused, accepted, failures


def _words(rng: Random, folder: str, out: str) -> list[str]:
    line = rng.choice(_LINES)
    words: list[str] = []
    for word in line:
        bad = rng.choice(_NUMBERS if rng.random() < 0.5 else _TEXTS).replace("\x00", "")
        words.append(word.replace("?", bad).format(out=out) if "{out}" in word else word.replace("?", bad))
    has_book = line[0] not in ("init", "grade", "?", "--?")
    words += ["--book", folder] if has_book else []
    if rng.random() < 0.1:
        words.append(rng.choice(_TEXTS).replace("\x00", ""))
    return words
