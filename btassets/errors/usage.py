"""Errors in user input: command line, settings, given tables.

Belongs here: refusals that end with exit code 2. Does not belong here: bars (`supply.py`), the machine (`machine.py`).
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from btassets.errors.registered import EXIT_USAGE, BtassetsError, brief


@dataclass(eq=False)
class SettingError(BtassetsError):
    """A setting has a value that violates its rule."""

    exit_code = EXIT_USAGE

    key: str
    value: object
    rule: str
    where: str

    def __str__(self) -> str:
        return f"{self.key} = {brief(self.value)}: {self.rule} ({self.where})"


@dataclass(eq=False)
class UnknownSettingError(BtassetsError):
    """An unknown setting, with the nearest existing one."""

    exit_code = EXIT_USAGE

    key: str
    known: Sequence[str]
    where: str
    renamed: str | None = None

    def __str__(self) -> str:
        if self.renamed is not None:
            return f"{self.key}: renamed since 0.1.0 ({self.where}); did you mean {self.renamed}?"
        near = difflib.get_close_matches(self.key, self.known, n=1, cutoff=0.5)
        advice = f"did you mean {near[0]}?" if near else "`btassets config` lists every setting."
        return f"{self.key}: no such setting ({self.where}); {advice}"


@dataclass(eq=False)
class SettingsFileError(BtassetsError):
    """The settings file cannot be read, or is not TOML."""

    exit_code = EXIT_USAGE

    path: str
    problem: str
    advice: str = "settings must be TOML; correct that line."

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}; {self.advice}"


@dataclass(eq=False)
class UsageError(BtassetsError):
    """The options and arguments of a command contradict each other or violate a rule."""

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
            f"universe.membership {self.path}: {self.problem}; it needs one row per ticker and spell with ticker, "
            "start and end (YYYY-MM-DD, both days included, empty end: current member); correct the file or the "
            "setting."
        )


@dataclass(eq=False)
class NoBookError(BtassetsError):
    """A command that needs a book was started outside a book."""

    exit_code = EXIT_USAGE

    folder: str

    def __str__(self) -> str:
        return (
            f"{self.folder}: no btassets.toml here; run the command in the folder of a book (or with --book DIR); "
            "`btassets init mybook --source files --path BARS` creates one, `btassets demo` needs none."
        )


@dataclass(eq=False)
class BookBusyError(BtassetsError):
    """Another run holds the book's lock, and --no-wait was given."""

    exit_code = EXIT_USAGE

    folder: str
    holder: str

    def __str__(self) -> str:
        return (
            f"{self.folder}: another run ({self.holder}) is active; a book has one run at a time; start again "
            "without --no-wait to wait for it."
        )


@dataclass(eq=False)
class UnknownTableError(BtassetsError):
    """A table that does not exist, or not yet."""

    exit_code = EXIT_USAGE

    name: str
    known: Sequence[str]
    problem: str
    renamed: str | None = None

    def __str__(self) -> str:
        if self.renamed is not None:
            return f"{self.name}: {self.problem}; renamed since 0.1.0; did you mean {self.renamed}?"
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


@dataclass(eq=False)
class SetupRuleError(BtassetsError):
    """The own setup rule of a book gives no setups at all."""

    exit_code = EXIT_USAGE

    rule: str
    problem: str

    def __str__(self) -> str:
        advice = "correct the rule, or set setup.rule = levels for the built-in one."
        return f"setup.rule = {self.rule}: {self.problem}; {advice}"
