"""What became of each fault, and the table that is printed.

Belongs here: counting and layout. Does not belong here: any attack.
"""

import sys
from dataclasses import dataclass, field

HEAD = ("attack", "faults", "refused well", "recovered", "unharmed", "FAIL", "seconds")


@dataclass
class Counts:
    """What became of the faults of one attack.

    Attributes
    ----------
    name
        The attack.
    n_faults
        Faults or bad inputs that were tried.
    n_refused
        A documented exit code other than 0, with words and without a traceback.
    n_recovered
        The fault took effect, was reported or repaired, and everything equals the undisturbed book.
    n_unharmed
        The command ended with 0 and everything is right: the fault came too late, or was no fault.
    failures
        One sentence each: what broke an invariant, and how to see it again.
    seconds
        Wall time.
    """

    name: str
    n_faults: int = 0
    n_refused: int = 0
    n_recovered: int = 0
    n_unharmed: int = 0
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def fail(self, sentence: str) -> None:
        """Count one broken invariant, and say it at once: the rest may take long."""
        self.failures.append(sentence)
        sys.stderr.write(f"FAIL {self.name}: {sentence}\n")
        sys.stderr.flush()

    def row(self) -> tuple[str, ...]:
        """The counts as cells of the table."""
        numbers = (self.n_faults, self.n_refused, self.n_recovered, self.n_unharmed, len(self.failures))
        return (self.name, *(f"{n:,}" for n in numbers), f"{self.seconds:.0f}")


def total(counts: list[Counts]) -> Counts:
    """Sum over the attacks."""
    whole = Counts("total")
    for one in counts:
        whole.n_faults += one.n_faults
        whole.n_refused += one.n_refused
        whole.n_recovered += one.n_recovered
        whole.n_unharmed += one.n_unharmed
        whole.failures += one.failures
        whole.seconds += one.seconds
    return whole


def as_markdown(counts: list[Counts]) -> str:
    """The table, as in docs/operations.md."""
    rows = [HEAD, *(one.row() for one in [*counts, total(counts)])]
    widths = [max(len(row[k]) for row in rows) for k in range(len(HEAD))]

    def line(row: tuple[str, ...]) -> str:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))]
        return "| " + " | ".join(cells) + " |"

    rule = "| " + " | ".join(["-" * widths[0], *("-" * (w - 1) + ":" for w in widths[1:])]) + " |"
    return "\n".join([line(rows[0]), rule, *(line(row) for row in rows[1:])])
