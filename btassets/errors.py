"""Every error that btassets raises on purpose.

Belongs here: exception classes of facts that build their text in `__str__`, so that they survive the
trip between processes. Does not belong here: where they are raised.
Each class names the exit code that the command line ends with.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, fields

EXIT_BUG = 1
EXIT_USAGE = 2
EXIT_NO_BARS = 3
EXIT_SOME_TICKERS = 4
EXIT_RATE_LIMITED = 5
EXIT_CHECK_FAILED = 6
EXIT_CANNOT_WRITE = 7
EXIT_INTERRUPTED = 130


@dataclass(eq=False)
class BtassetsError(Exception):
    """Base of every expected failure; `exit_code` is what the command line ends with."""

    exit_code = EXIT_BUG

    def __post_init__(self) -> None:
        # What pickle makes it of again.
        super().__init__(*(getattr(self, field.name) for field in fields(self)))


@dataclass(eq=False)
class SettingError(BtassetsError):
    """A setting has a value that its rule does not allow."""

    exit_code = EXIT_USAGE

    key: str
    value: object
    rule: str
    where: str

    def __str__(self) -> str:
        shown = f'"{self.value}"' if isinstance(self.value, str) else repr(self.value)
        return f"{self.key} = {shown}: {self.rule} ({self.where})"


@dataclass(eq=False)
class UnknownSettingError(BtassetsError):
    """A key that no setting has, with the nearest one that exists."""

    exit_code = EXIT_USAGE

    key: str
    known: Sequence[str]
    where: str

    def __str__(self) -> str:
        near = difflib.get_close_matches(self.key, self.known, n=1, cutoff=0.5)
        advice = f"did you mean {near[0]}?" if near else "`btassets config` lists every setting."
        return f"{self.key}: no such setting ({self.where}); {advice}"


@dataclass(eq=False)
class SettingsFileError(BtassetsError):
    """The settings file cannot be read as TOML."""

    exit_code = EXIT_USAGE

    path: str
    problem: str

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}; a book's settings are TOML; correct that line."


@dataclass(eq=False)
class UsageError(BtassetsError):
    """The command's words do not fit together."""

    exit_code = EXIT_USAGE

    problem: str
    advice: str

    def __str__(self) -> str:
        return f"{self.problem}; {self.advice}"


@dataclass(eq=False)
class MembershipError(BtassetsError):
    """The file of dated membership cannot be used."""

    exit_code = EXIT_USAGE

    path: str
    problem: str

    def __str__(self) -> str:
        return (
            f"universe.membership {self.path}: {self.problem}; it has one row per ticker and spell with ticker, start "
            "and end (YYYY-MM-DD, both days included, no end: still a member); correct the file or the setting."
        )


@dataclass(eq=False)
class NoBookError(BtassetsError):
    """A command that needs a book was started outside of one."""

    exit_code = EXIT_USAGE

    folder: str

    def __str__(self) -> str:
        return (
            f"{self.folder}: no btassets.toml here; a command works on the book in its folder (or --book DIR); "
            "`btassets init mybook --source files --path BARS` makes one, `btassets demo` needs none."
        )


@dataclass(eq=False)
class BookBusyError(BtassetsError):
    """Another run holds the book's lock and this one was told not to wait."""

    exit_code = EXIT_USAGE

    folder: str
    holder: str

    def __str__(self) -> str:
        return (
            f"{self.folder}: another run ({self.holder}) is at work; one run per book; start again without "
            "--no-wait to queue."
        )


@dataclass(eq=False)
class NoBarsError(BtassetsError):
    """The source gives no bars at all."""

    exit_code = EXIT_NO_BARS

    where: str
    problem: str
    advice: str

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}; {self.advice}"


@dataclass(eq=False)
class SourceStoppedError(BtassetsError):
    """The source stopped in the middle: what came before is kept, the next run goes on.

    Parameters
    ----------
    source
        Kind of the source, e.g. "alpaca".
    problem
        What it said.
    n_done, n_left
        Tickers of this run that were read, and those that were not.
    """

    exit_code = EXIT_NO_BARS
    rule = "a source answers within its retries"
    advice = "run again when it answers: only the rest is fetched."

    source: str
    problem: str
    n_done: int = 0
    n_left: int = 0

    def after(self, n_done: int, n_left: int) -> "SourceStoppedError":
        """Give the same error with how far the run came."""
        return type(self)(self.source, self.problem, n_done, n_left)

    def __str__(self) -> str:
        kept = f" ({self.n_done} tickers read and kept, {self.n_left} left)" if self.n_done + self.n_left else ""
        return f"{self.source}: {self.problem}{kept}; {self.rule}; {self.advice}"


class RateLimitedError(SourceStoppedError):
    """The source refuses more requests for now."""

    exit_code = EXIT_RATE_LIMITED
    rule = "its rate limit is reached"
    advice = "run the same command again later: only the rest is fetched."


class SourceUnreachableError(SourceStoppedError):
    """The source cannot be reached, or fails for one ticker after the other."""


class CredentialsError(SourceStoppedError):
    """The source's key is missing from the environment, or refused."""

    exit_code = EXIT_USAGE
    rule = "it answers only to a valid key, which is read from the environment alone"
    advice = "set or renew the key and run again."


@dataclass(eq=False)
class BenchmarkError(BtassetsError):
    """The named benchmark is missing or too incomplete to compare with."""

    exit_code = EXIT_NO_BARS

    benchmark: str
    problem: str

    def __str__(self) -> str:
        return (
            f"benchmark {self.benchmark}: {self.problem}; a named benchmark must cover the tickers' dates; "
            'give its file or ticker in `benchmark`, or set benchmark = "none".'
        )


@dataclass(eq=False)
class StaleBarsError(BtassetsError):
    """The newest bars are older than the caller accepts."""

    exit_code = EXIT_NO_BARS

    last: str
    n_sessions: int
    most: int

    def __str__(self) -> str:
        return (
            f"the last session with bars is {self.last}, {self.n_sessions} sessions ago; at most {self.most} "
            "are allowed here; "
            "run `btassets ingest` when the source has newer bars."
        )


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
class UnknownTableError(BtassetsError):
    """A table that does not exist, or not yet."""

    exit_code = EXIT_USAGE

    name: str
    known: Sequence[str]
    problem: str

    def __str__(self) -> str:
        near = difflib.get_close_matches(self.name, self.known, n=1, cutoff=0.5)
        advice = f"did you mean {near[0]}?" if near else f"tables: {', '.join(self.known)}."
        return f"{self.name}: {self.problem}; {advice}"


@dataclass(eq=False)
class CandidateTableError(BtassetsError):
    """A candidate table given to `grade` cannot be used."""

    exit_code = EXIT_USAGE

    path: str
    problem: str
    advice: str

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}; {self.advice}"
