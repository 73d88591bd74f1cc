"""Every error that btassets raises on purpose.

Belongs here: exception classes that take positional facts and build their text in `__str__`,
so that they survive the trip between processes. Does not belong here: where they are raised.
Each class names the exit code that the command line ends with.
"""

import difflib
from collections.abc import Sequence

EXIT_BUG = 1
EXIT_USAGE = 2
EXIT_NO_BARS = 3
EXIT_SOME_TICKERS = 4
EXIT_RATE_LIMITED = 5
EXIT_CHECK_FAILED = 6
EXIT_CANNOT_WRITE = 7
EXIT_INTERRUPTED = 130


class BtassetsError(Exception):
    """Base of every expected failure; `exit_code` is what the command line ends with."""

    exit_code = EXIT_BUG


class SettingError(BtassetsError):
    """A setting has a value that its rule does not allow."""

    exit_code = EXIT_USAGE

    def __init__(self, key: str, value: object, rule: str, where: str) -> None:
        super().__init__(key, value, rule, where)
        self.key, self.value, self.rule, self.where = key, value, rule, where

    def __str__(self) -> str:
        shown = f'"{self.value}"' if isinstance(self.value, str) else repr(self.value)
        return f"{self.key} = {shown}: {self.rule} ({self.where})"


class UnknownSettingError(BtassetsError):
    """A key that no setting has, with the nearest one that exists."""

    exit_code = EXIT_USAGE

    def __init__(self, key: str, known: Sequence[str], where: str) -> None:
        super().__init__(key, tuple(known), where)
        self.key, self.known, self.where = key, tuple(known), where

    def __str__(self) -> str:
        near = difflib.get_close_matches(self.key, self.known, n=1, cutoff=0.5)
        advice = f"did you mean {near[0]}?" if near else "`btassets config` lists every setting."
        return f"{self.key}: no such setting ({self.where}); {advice}"


class SettingsFileError(BtassetsError):
    """The settings file cannot be read as TOML."""

    exit_code = EXIT_USAGE

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(path, problem)
        self.path, self.problem = path, problem

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}; a book's settings are TOML; correct that line."


class UsageError(BtassetsError):
    """The command's words do not fit together."""

    exit_code = EXIT_USAGE

    def __init__(self, problem: str, advice: str) -> None:
        super().__init__(problem, advice)
        self.problem, self.advice = problem, advice

    def __str__(self) -> str:
        return f"{self.problem}; {self.advice}"


class MembershipError(BtassetsError):
    """The file of dated membership cannot be used."""

    exit_code = EXIT_USAGE

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(path, problem)
        self.path, self.problem = path, problem

    def __str__(self) -> str:
        return (
            f"universe.membership {self.path}: {self.problem}; it has one row per ticker and spell with ticker, start "
            "and end (YYYY-MM-DD, both days included, no end: still a member); correct the file or the setting."
        )


class NoBookError(BtassetsError):
    """A command that needs a book was started outside of one."""

    exit_code = EXIT_USAGE

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.folder = folder

    def __str__(self) -> str:
        return (
            f"{self.folder}: no btassets.toml here; a command works on the book in its folder (or --book DIR); "
            "`btassets init mybook --source files --path BARS` makes one, `btassets demo` needs none."
        )


class BookBusyError(BtassetsError):
    """Another run holds the book's lock and this one was told not to wait."""

    exit_code = EXIT_USAGE

    def __init__(self, folder: str, holder: str) -> None:
        super().__init__(folder, holder)
        self.folder, self.holder = folder, holder

    def __str__(self) -> str:
        return (
            f"{self.folder}: another run ({self.holder}) is at work; one run per book; start again without "
            "--no-wait to queue."
        )


class NoBarsError(BtassetsError):
    """The source gives no bars at all."""

    exit_code = EXIT_NO_BARS

    def __init__(self, where: str, problem: str, advice: str) -> None:
        super().__init__(where, problem, advice)
        self.where, self.problem, self.advice = where, problem, advice

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}; {self.advice}"


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

    def __init__(self, source: str, problem: str, n_done: int = 0, n_left: int = 0) -> None:
        super().__init__(source, problem, n_done, n_left)
        self.source, self.problem, self.n_done, self.n_left = source, problem, n_done, n_left

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


class BenchmarkError(BtassetsError):
    """The named benchmark is missing or too incomplete to compare with."""

    exit_code = EXIT_NO_BARS

    def __init__(self, benchmark: str, problem: str) -> None:
        super().__init__(benchmark, problem)
        self.benchmark, self.problem = benchmark, problem

    def __str__(self) -> str:
        return (
            f"benchmark {self.benchmark}: {self.problem}; a named benchmark must cover the tickers' dates; "
            'give its file or ticker in `benchmark`, or set benchmark = "none".'
        )


class StaleBarsError(BtassetsError):
    """The newest bars are older than the caller accepts."""

    exit_code = EXIT_NO_BARS

    def __init__(self, last: str, n_sessions: int, most: int) -> None:
        super().__init__(last, n_sessions, most)
        self.last, self.n_sessions, self.most = last, n_sessions, most

    def __str__(self) -> str:
        return (
            f"the last session with bars is {self.last}, {self.n_sessions} sessions ago; at most {self.most} "
            "are allowed here; "
            "run `btassets ingest` when the source has newer bars."
        )


class CannotWriteError(BtassetsError):
    """The disk is full, or the folder may not be written."""

    exit_code = EXIT_CANNOT_WRITE

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(path, problem)
        self.path, self.problem = path, problem

    def __str__(self) -> str:
        return (
            f"{self.path}: {self.problem}; the last good tables and report stay; free space or give write "
            "permission, then run again."
        )


class CannotReadError(BtassetsError):
    """A file or folder of the book may not be read."""

    exit_code = EXIT_CANNOT_WRITE

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(path, problem)
        self.path, self.problem = path, problem

    def __str__(self) -> str:
        return (
            f"{self.path}: cannot be read ({self.problem}); a command reads the book as its own user; give it read "
            "permission on the file and on every folder above it, then run again."
        )


class CheckFailedError(BtassetsError):
    """A blocking check failed: what is below it was not computed."""

    exit_code = EXIT_CHECK_FAILED

    def __init__(self, check: str, problem: str) -> None:
        super().__init__(check, problem)
        self.check, self.problem = check, problem

    def __str__(self) -> str:
        return f"check {self.check} failed: {self.problem}; nothing below it was computed and the last report stays."


class ShardLostError(BtassetsError):
    """Planned tickers did not arrive from the replay's shards."""

    exit_code = EXIT_BUG

    def __init__(self, n_missing: int, first: str) -> None:
        super().__init__(n_missing, first)
        self.n_missing, self.first = n_missing, first

    def __str__(self) -> str:
        return (
            f"candidates: {self.n_missing} planned tickers did not arrive, first {self.first}; every planned "
            "ticker must; "
            "run again: what is done stays done."
        )


class TableContractError(BtassetsError):
    """A table does not have the columns that its contract declares."""

    exit_code = EXIT_BUG

    def __init__(self, table: str, problem: str) -> None:
        super().__init__(table, problem)
        self.table, self.problem = table, problem

    def __str__(self) -> str:
        return f"table {self.table}: {self.problem}; btassets/tables.py declares its columns; make the two agree."


class UnknownTableError(BtassetsError):
    """A table that does not exist, or not yet."""

    exit_code = EXIT_USAGE

    def __init__(self, name: str, known: Sequence[str], problem: str) -> None:
        super().__init__(name, tuple(known), problem)
        self.name, self.known, self.problem = name, tuple(known), problem

    def __str__(self) -> str:
        near = difflib.get_close_matches(self.name, self.known, n=1, cutoff=0.5)
        advice = f"did you mean {near[0]}?" if near else f"tables: {', '.join(self.known)}."
        return f"{self.name}: {self.problem}; {advice}"


class CandidateTableError(BtassetsError):
    """A candidate table given to `grade` cannot be used."""

    exit_code = EXIT_USAGE

    def __init__(self, path: str, problem: str, advice: str) -> None:
        super().__init__(path, problem, advice)
        self.path, self.problem, self.advice = path, problem, advice

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}; {self.advice}"
