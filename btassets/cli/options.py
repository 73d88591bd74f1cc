"""Options shared by several commands, and their value types.

Belongs here: one declaration per shared option. Does not belong here: the options of one command
(`btassets.cli.commands`).
"""

import math
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from btassets.cli.program import cut, did_you_mean

PROFILES = ("standard", "legacy")
FORMATS = ("table", "csv", "json")

_MAX_DIGITS = 30
"""Numbers with more digits are out of every range here; Python refuses to parse thousands of them."""

_OLD_WORDS = {"honest": "standard", "seed": "legacy"}
"""Values accepted by release 0.1.0, with their current names."""


class Word(click.Choice[str]):
    """One of a few words; any other is refused with the nearest of them."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Accept a known word."""
        words = [str(word) for word in self.choices]
        if value in words:
            return value
        new = _OLD_WORDS.get(str(value), "")
        advice = f"did you mean {new}?" if new in words else did_you_mean(str(value), words, "see the list.")
        advice = f"; {advice}" if advice.endswith("?") else ""
        return self.fail(f"{cut(str(value))} is not one of {', '.join(words)}{advice}", param, ctx)


class Whole(click.IntRange):
    """A whole number between bounds."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Parse the number; its text is truncated in the message."""
        try:
            number = int(value) if len(str(value)) <= _MAX_DIGITS else None
        except ValueError:
            self.fail(f"{cut(str(value))} is not a whole number", param, ctx)
        if number is None or not (self.min or 0) <= number <= (self.max or 0):
            self.fail(f"{cut(str(value))} is not between {self.min} and {self.max}", param, ctx)
        return number


class Amount(click.ParamType):
    """A finite number above zero."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Parse the number."""
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not 0 < number < math.inf:
            self.fail(f"{cut(str(value))} is not a finite number above 0", param, ctx)
        return number


class FilePath(click.ParamType):
    """A path; the empty text and control characters except tab are refused."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Expand `~` and convert the text to a path."""
        text = str(value)
        if not text.strip() or any((ord(letter) < 32 and letter != "\t") or ord(letter) == 127 for letter in text):
            self.fail(f"{cut(repr(text))} is not a path", param, ctx)
        try:
            return Path(text).expanduser()
        except RuntimeError as error:
            self.fail(f"{cut(text)}: {error}", param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Let the shell complete file names."""
        return [CompletionItem(incomplete, type="file")]


def option(*names: str, help: str, **more: Any) -> click.Option:  # noqa: A002  (click's word)
    """Declare one option; its help names the default, not click."""
    return click.Option(list(names), help=help, **more)


def argument(name: str, *, help: str, **more: Any) -> click.Argument:  # noqa: A002  (click's word)
    """Declare one positional argument."""
    return click.Argument([name], help=help, **more)


def book() -> click.Option:
    """`--book DIR`."""
    return option("--book", type=FilePath(), metavar="DIR", help="Folder of the book (default: the current folder).")


def scenario(help: str = "Scenario to show (default: base, the book's own settings).") -> click.Option:  # noqa: A002
    """`--scenario NAME`."""
    return option("--scenario", metavar="NAME", help=help, shell_complete=_scenarios)


def _scenarios(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    import tomllib

    folder = ctx.params.get("book") or Path()
    try:
        declared = tomllib.loads((folder / "btassets.toml").read_text(encoding="utf-8-sig")).get("scenario", {})
    except (OSError, ValueError, RecursionError):
        return []
    return [CompletionItem(name) for name in ("base", *declared) if name.startswith(incomplete)]


def assignments() -> click.Option:
    """`--set KEY=VALUE`, repeatable."""
    return option(
        "--set",
        "assignments",
        multiple=True,
        metavar="KEY=VALUE",
        help="A setting for this run, e.g. gates.min_rr=2; may be repeated. The book's own numbers do not change.",
    )


def profile(help: str, default: str | None = None) -> click.Option:  # noqa: A002  (click's word)
    """`--profile`."""
    return option("--profile", type=Word(PROFILES), default=default, help=help)


def layout(*formats: str) -> click.Option:
    """`--format`."""
    return option("--format", "layout", type=Word(formats or FORMATS), default="table", help="Output format.")


def quiet() -> click.Option:
    """`--quiet`."""
    return option("--quiet", is_flag=True, help="Show no progress.")


def no_wait() -> click.Option:
    """`--no-wait`."""
    return option("--no-wait", is_flag=True, help="Exit with code 2 if another run is active.")


def workers() -> click.Option:
    """`--workers N`."""
    return option("--workers", type=Whole(1, 1024), metavar="N", help="Parallel workers (default: one per core).")


def work() -> list[click.Parameter]:
    """Options of every command that computes."""
    return [quiet(), no_wait(), workers()]


def tickers() -> click.Option:
    """`--tickers A,B`."""
    return option("--tickers", default="", metavar="A,B", help="Restrict to these tickers.")


def max_age() -> click.Option:
    """`--max-age N`."""
    return option(
        "--max-age", type=Whole(0, 100_000), metavar="N", help="Exit with code 3 if bars are older, in sessions."
    )


def open_page(what: str) -> click.Option:
    """`--open`."""
    return option("--open", "is_opened", is_flag=True, help=f"Open the {what} in the browser.")


def out(help: str, *, required: bool = False) -> click.Option:  # noqa: A002  (click's word)
    """`--out F`."""
    return option("--out", type=FilePath(), required=required, metavar="F.{parquet,csv,json}", help=help)
