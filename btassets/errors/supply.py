"""Errors about missing, late or unsuitable bars.

Belongs here: refusals about sources, benchmark and stored bars. Does not belong here: settings (`usage.py`).
"""

from dataclasses import dataclass

from btassets.errors.registered import EXIT_NO_BARS, EXIT_RATE_LIMITED, EXIT_USAGE, BtassetsError


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
    """The source stopped midway: earlier tickers are kept, the next run continues.

    Parameters
    ----------
    source
        Kind of the source, e.g. "alpaca".
    problem
        Message of the source.
    n_done, n_left
        Tickers of this run already read, and those left.
    """

    exit_code = EXIT_NO_BARS
    rule = "a source must answer within its retries"
    advice = "run again when it answers: only the rest is fetched."

    source: str
    problem: str
    n_done: int = 0
    n_left: int = 0

    def after(self, n_done: int, n_left: int) -> "SourceStoppedError":
        """Return the same error with the progress of the run."""
        return type(self)(self.source, self.problem, n_done, n_left)

    def __str__(self) -> str:
        kept = f" ({self.n_done} tickers read and kept, {self.n_left} left)" if self.n_done + self.n_left else ""
        return f"{self.source}: {self.problem}{kept}; {self.rule}; {self.advice}"


class RateLimitedError(SourceStoppedError):
    """The source's rate limit is reached."""

    exit_code = EXIT_RATE_LIMITED
    rule = "its rate limit is reached"
    advice = "run the same command again later: only the rest is fetched."


class SourceUnreachableError(SourceStoppedError):
    """The source is unreachable, or fails for several tickers in a row."""


class CredentialsError(SourceStoppedError):
    """The source's key is missing from the environment, or rejected."""

    exit_code = EXIT_USAGE
    rule = "it needs a valid key, read from the environment only"
    advice = "set or renew the key and run again."


@dataclass(eq=False)
class BenchmarkError(BtassetsError):
    """The named benchmark is missing or too incomplete."""

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
            f"the last session with bars is {self.last}, {self.n_sessions} sessions ago; the maximum here is "
            f"{self.most}; run `btassets ingest` when the source has newer bars."
        )


@dataclass(eq=False)
class NeverRunError(BtassetsError):
    """A command needs the tables of a run, but the book or its scenario was never run."""

    exit_code = EXIT_NO_BARS

    folder: str
    scenario: str = "base"

    def __str__(self) -> str:
        if self.scenario == "base":
            return f"{self.folder}: this book was never run; `btassets run` reads the bars and replays."
        return (
            f"{self.folder}: scenario {self.scenario} was never run; `btassets run --scenario {self.scenario}` "
            "computes it."
        )


@dataclass(eq=False)
class ForeignBarsError(BtassetsError):
    """The stored bars come from another kind of source than the settings name."""

    exit_code = EXIT_USAGE

    where: str
    kind: str
    stored: str

    def __str__(self) -> str:
        return (
            f'source.kind = "{self.kind}" ({self.where}): the bars stored in this book came from source '
            f'"{self.stored}"; bars of two sources cannot be mixed; set source.kind back, '
            "or delete data/ and run again."
        )
