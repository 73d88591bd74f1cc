"""Command lines that nobody meant: a documented exit code, one message, no traceback, nothing written outside.

BTASSETS_FUZZ_LINES sets how many are tried, BTASSETS_FUZZ_SEED which.
"""

import os
import random
from pathlib import Path

import pytest

from btassets.cli.commands import COMMANDS
from btassets.settings.load import KEYS
from btassets_tests.support.book_factory import call

N_LINES = int(os.environ.get("BTASSETS_FUZZ_LINES", "300"))
SEED = int(os.environ.get("BTASSETS_FUZZ_SEED", "20261130"))
DOCUMENTED = {0, 2, 3, 4, 5, 6, 7}

CHEAP = [name for name in COMMANDS if name not in ("ui", "schedule", "demo", "ingest", "run", "grade", "prune")]
"""Commands that are let through to their work; the others get lines that end before it."""

VALUES = [
    "", " ", "-1", "0", "1", "nan", "inf", "-inf", "1e999", "9" * 20, "9" * 5000, "1_000", "٣", "0x10", "two", "true",
    "../../../etc/passwd", "/dev/full", "/dev/null", "[!.]*", "*", "~nobody/x", "a/b", "a\\b", "a b", "é", "\u202e",
    "\udcff", "a\nb", "a\tb", "\x1b[31m", "base", "strict", "set-00000000", "legacy", "honest", "seed", "x" * 300,
    "[" * 2000, "{" * 2000, '"', "'", "[1, 2", "{a = 1}", "1979-05-27", "%s", "$(id)", "--", "-", "=", "=1", "a=",
    "gates.min_rr=2", "gates.min_rr=", "gates=1", "book.max_positions=1", "method.book=open", "profile=seed",
    "select 1", "select 1/0", "select", "drop table trades", "'; --", "table", "csv", "json", "2024-02-30", "trades",
    "candidates", "stat_book", "week", "bash",
]  # fmt: skip


def option_names(name: str) -> list[str]:
    from btassets.cli.program import program

    command = program().get_command(None, name)  # pyright: ignore[reportArgumentType]
    return [word for param in command.params for word in param.opts if word.startswith("--")]


def lines(n: int, seed: int) -> list[list[str]]:
    rng = random.Random(seed)
    found: list[list[str]] = []
    names = list(COMMANDS)
    while len(found) < n:
        name = rng.choice(CHEAP if rng.random() < 0.7 else names)
        words = [name]
        for _ in range(rng.randint(0, 4)):
            kind = rng.random()
            if kind < 0.4:
                option = rng.choice(option_names(name) or ["--help"])
                words += [option] if rng.random() < 0.2 else [option, rng.choice(VALUES)]
            elif kind < 0.55:
                words += ["--set", f"{rng.choice(KEYS)}={rng.choice(VALUES)}"]
            else:
                words.append(rng.choice(VALUES))
        if rng.random() < 0.1:
            place = rng.randrange(len(words))
            words[place] = words[place][: rng.randint(0, 3)] + rng.choice(["x", "-", "é"]) + words[place][3:]
        if words[0] in COMMANDS and words[0] not in CHEAP:
            words.append("--no-such-option")
        found.append([word for word in words if word not in ("--open", "--book")])
    return found


def tree(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if ".dagster" not in path.parts and "reports" not in path.parts}


@pytest.mark.long
def test_no_line_ends_with_a_traceback(book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "here" / "inner"
    elsewhere.mkdir(parents=True)
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("webbrowser.open", lambda *_: True)
    before = tree(book)
    counts: dict[int, int] = {}
    for words in lines(N_LINES, SEED):
        has_book = words[0] in CHEAP and words[0] not in ("init", "completion", "grade", "demo")
        answer = call(*words, *(["--book", str(book)] if has_book else []))
        counts[answer.code] = counts.get(answer.code, 0) + 1
        assert answer.code in DOCUMENTED, (words, answer.err)
        assert "Traceback" not in answer.err + answer.out, words
        assert answer.code == 0 or answer.err, words
        assert len(answer.err) < 6_000, words
    assert not (tmp_path / "state").exists()
    assert {path.name for path in tree(book) - before} <= {"trials", "base.parquet", "copies"} | {
        path.name for path in tree(book) - before if {"trials", "copies", "null_market", "journal"} & set(path.parts)
    }
    assert counts[2] > N_LINES // 3, counts
