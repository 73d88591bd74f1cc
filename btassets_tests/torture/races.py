"""A dozen commands at once on one book.

Invariant: each ends with a documented code, and the book is whole.
"""

from btassets_tests.torture.books import CHANGED, Bench
from btassets_tests.torture.counts import Counts
from btassets_tests.torture.workers import start

_N_AT_ONCE = 12
_WORDS: tuple[tuple[str, ...], ...] = (
    ("run", "--quiet"),
    ("run", "--quiet", "--no-wait"),
    ("run", "--quiet", "--set", CHANGED),
    ("ingest", "--quiet", "--full"),
    ("today",),
    ("report",),
    ("sql", "select count(*) n from candidates"),
    ("export", "trades", "--out", "{root}/taken-{k}.csv"),
    ("sweep", "gates.min_rr=1,2", "--quiet"),
    ("compare", "base", "base"),
    ("doctor", "--deep"),
    ("prune", "--keep-days", "0"),
)


def race(bench: Bench, n_rounds: int) -> Counts:
    """Start twelve commands together, round after round."""
    counts = Counts("12 commands at once")
    for _ in range(n_rounds):
        with bench.copy() as folder:
            words = bench.random.sample(_WORDS, _N_AT_ONCE)
            argv = [[w.format(root=bench.root, k=k) for w in one] for k, one in enumerate(words)]
            running = [start([*one, "--book", folder], timeout=300) for one in argv]
            for one, process in zip(words, running, strict=True):
                said = process.finish()
                counts.n_faults += 1
                if said.code == -9 or said.has_traceback or (said.code and not said.is_refusal):
                    counts.fail(f"race, {' '.join(one)}: {said.code} {said.err.strip()[-500:]}")
                elif said.code:
                    counts.n_refused += 1
                else:
                    counts.n_unharmed += 1
            problem = bench.whole_again(folder)
            if problem is not None:
                counts.fail(f"after a race: {problem}")
    return counts
