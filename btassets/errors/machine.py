"""Errors of the machine, and contradictions within the project.

Belongs here: disk, permissions, failed checks, broken contracts between stages.
"""

from dataclasses import dataclass

from btassets.errors.registered import EXIT_BUG, EXIT_CANNOT_WRITE, EXIT_CHECK_FAILED, BtassetsError


@dataclass(eq=False)
class CannotWriteError(BtassetsError):
    """The disk is full, or the folder is not writable."""

    exit_code = EXIT_CANNOT_WRITE

    path: str
    problem: str

    def __str__(self) -> str:
        return (
            f"{self.path}: {self.problem}; the last good tables and report remain; free space or give write "
            "permission, then run again."
        )


@dataclass(eq=False)
class CannotReadError(BtassetsError):
    """A file or folder of the book is not readable."""

    exit_code = EXIT_CANNOT_WRITE

    path: str
    problem: str

    def __str__(self) -> str:
        return (
            f"{self.path}: cannot be read ({self.problem}); commands need read permission on the file and on every "
            "folder above it; grant it, then run again."
        )


@dataclass(eq=False)
class CheckFailedError(BtassetsError):
    """A blocking check failed; downstream stages were not computed."""

    exit_code = EXIT_CHECK_FAILED

    check: str
    problem: str

    def __str__(self) -> str:
        return (
            f"check {self.check} failed: {self.problem}; nothing downstream was computed and the last report remains."
        )


@dataclass(eq=False)
class ShardLostError(BtassetsError):
    """Planned tickers are missing from the output of the replay's shards."""

    exit_code = EXIT_BUG

    n_missing: int
    first: str

    def __str__(self) -> str:
        return (
            f"candidates: {self.n_missing} planned tickers are missing, first {self.first}; every planned ticker "
            "must be replayed; run again: finished work is kept."
        )


@dataclass(eq=False)
class TableContractError(BtassetsError):
    """A table does not have the columns that its contract declares."""

    exit_code = EXIT_BUG

    table: str
    problem: str

    def __str__(self) -> str:
        return f"table {self.table}: {self.problem}; its columns are declared in btassets/graph; make the two agree."


@dataclass(eq=False)
class UndeclaredReadError(BtassetsError):
    """A stage reads a table, a setting or another input that it does not declare."""

    exit_code = EXIT_BUG

    reader: str
    kind: str
    name: str
    place: str

    def __str__(self) -> str:
        field = {"table": "reads", "setting": "settings"}.get(self.kind, "outside")
        return (
            f"{self.reader} reads {self.kind} {self.name} without declaring it; undeclared inputs cannot make it "
            f"stale; add it to `{field}` of {self.reader} in {self.place}."
        )


@dataclass(eq=False)
class TooManyFilesError(BtassetsError):
    """The process reached its limit of open files."""

    exit_code = EXIT_CANNOT_WRITE

    path: str

    def __str__(self) -> str:
        return (
            f"{self.path}: too many open files; the limit of this shell is too low (`ulimit -n`); raise it, e.g. "
            "`ulimit -n 4096`, and run again."
        )


@dataclass(eq=False)
class DamagedFileError(BtassetsError):
    """A file of the book was changed by another program."""

    exit_code = EXIT_CANNOT_WRITE

    path: str
    problem: str

    def __str__(self) -> str:
        return (
            f"{self.path}: damaged ({self.problem}); damaged files are never used; `btassets run` rebuilds it, "
            "`btassets doctor --deep` verifies all files."
        )


@dataclass(eq=False)
class JournalDamagedError(DamagedFileError):
    """Neither copy of the journal can be trusted."""

    copy: str

    def __str__(self) -> str:
        return (
            f"{self.path}: damaged ({self.problem}); what was shown cannot be made again, so nothing is added to a "
            f"journal that cannot be verified; restore it from a backup of your own, or move it and {self.copy} away: "
            "the next run begins a new one."
        )


@dataclass(eq=False)
class ServiceError(BtassetsError):
    """A service beside btassets, a database or a message broker, is not reachable."""

    exit_code = EXIT_CANNOT_WRITE

    service: str
    problem: str
    advice: str

    def __str__(self) -> str:
        return f"{self.service} does not answer ({self.problem}); {self.advice}."


@dataclass(eq=False)
class LockLostError(BtassetsError):
    """The database was away, and another run took the book's lock meanwhile."""

    exit_code = EXIT_CANNOT_WRITE

    holder: str

    def __str__(self) -> str:
        return (
            f"the book's lock was lost while PostgreSQL was away, and another run has it ({self.holder}); a book has "
            "one run at a time; run again, finished work is kept."
        )


@dataclass(eq=False)
class OrphanStepError(BtassetsError):
    """A worker received a step of a run that no longer holds the book's lock."""

    exit_code = EXIT_CANNOT_WRITE

    step: str
    run: str
    holder: str

    def __str__(self) -> str:
        return (
            f"step {self.step} of run {self.run}: the run does not hold the book's lock ({self.holder}); its process "
            "has ended, and the step is dropped; run again, finished work is kept."
        )


@dataclass(eq=False)
class StepKilledError(BtassetsError):
    """A step was delivered again and again because each worker died during it."""

    exit_code = EXIT_CANNOT_WRITE

    step: str
    n_times: int

    def __str__(self) -> str:
        return (
            f"step {self.step}: its worker was lost {self.n_times} times, most often for want of memory; more shards "
            "(executor.shards) make a step smaller, `btassets cluster worker --queues memory` on a bigger host takes "
            "the steps below the replay; then run again, finished work is kept."
        )
