"""The machine refuses, or the project contradicts itself.

Belongs here: disk, permissions, failed checks, broken contracts between stages.
"""

from dataclasses import dataclass

from btassets.errors.registered import EXIT_BUG, EXIT_CANNOT_WRITE, EXIT_CHECK_FAILED, BtassetsError


@dataclass(eq=False)
class CannotWriteError(BtassetsError):
    """The disk is full, or the folder may not be written."""

    exit_code = EXIT_CANNOT_WRITE

    path: str
    problem: str

    def __str__(self) -> str:
        return (
            f"{self.path}: {self.problem}; the last good tables and report stay; free space or give write "
            "permission, then run again."
        )


@dataclass(eq=False)
class CannotReadError(BtassetsError):
    """A file or folder of the book may not be read."""

    exit_code = EXIT_CANNOT_WRITE

    path: str
    problem: str

    def __str__(self) -> str:
        return (
            f"{self.path}: cannot be read ({self.problem}); a command reads the book as its own user; give it read "
            "permission on the file and on every folder above it, then run again."
        )


@dataclass(eq=False)
class CheckFailedError(BtassetsError):
    """A blocking check failed: what is below it was not computed."""

    exit_code = EXIT_CHECK_FAILED

    check: str
    problem: str

    def __str__(self) -> str:
        return f"check {self.check} failed: {self.problem}; nothing below it was computed and the last report stays."


@dataclass(eq=False)
class ShardLostError(BtassetsError):
    """Planned tickers did not arrive from the replay's shards."""

    exit_code = EXIT_BUG

    n_missing: int
    first: str

    def __str__(self) -> str:
        return (
            f"candidates: {self.n_missing} planned tickers did not arrive, first {self.first}; every planned "
            "ticker must; "
            "run again: what is done stays done."
        )


@dataclass(eq=False)
class TableContractError(BtassetsError):
    """A table does not have the columns that its contract declares."""

    exit_code = EXIT_BUG

    table: str
    problem: str

    def __str__(self) -> str:
        return f"table {self.table}: {self.problem}; btassets/graph declares its columns; make the two agree."


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
            f"{self.reader} reads {self.kind} {self.name}, which it does not declare; what is not declared cannot "
            f"make it stale; add it to `{field}` of {self.reader} in {self.place}."
        )


@dataclass(eq=False)
class TooManyFilesError(BtassetsError):
    """The process may not open another file."""

    exit_code = EXIT_CANNOT_WRITE

    path: str

    def __str__(self) -> str:
        return (
            f"{self.path}: too many open files; the limit of this shell is too low (`ulimit -n`); raise it, e.g. "
            "`ulimit -n 4096`, and run again."
        )


@dataclass(eq=False)
class DamagedFileError(BtassetsError):
    """A file of the book was changed by something else than btassets."""

    exit_code = EXIT_CANNOT_WRITE

    path: str
    problem: str

    def __str__(self) -> str:
        return (
            f"{self.path}: damaged ({self.problem}); a file that btassets wrote is used only as it was written; "
            "`btassets run` makes it again, `btassets doctor --deep` looks at all of them."
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
