"""House style of prose: no phrase that reads translated, in docs, docstrings, comments, messages and SQL.

Belongs here: the list of banned phrases, each with a plain replacement. Does not belong here: the glossary and
names (`test_tree.py`), sizes and locations (`test_house.py`).
"""

import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

BANNED = {
    r"whoever|whatever (?:is|it|was|came)": "name the subject",
    r"shall": "must, will, or the present tense",
    r"(?:keeps?|kept|break|breaks) (?:its|their) word|earns? its keep": "is consistent; adds value",
    r"(?:is|are|was|were|be|been) told|tells? (?:the|of|which|what|how|why|per)": "is reported; stores; shows",
    r"(?:laid|left|lay) aside": "spilled, excluded, set aside",
    r"stands? (?:in|at|beside|behind|on|there|where|next|first|together|before|after|above|below|for)": "is in",
    r"as (?:it|they) stands?": "existing, current",
    r"speaks? (?:of|for)|spoke of": "refers to",
    r"foretells?|foretold": "predicts",
    r"somebody|anybody": "name the subject",
    r"the door|a door": "guard, entry point, interface",
    r"(?:a|each|every) look|looks? (?:in a row|at|again)": "tick, verdict, check; reads",
    r"go(?:es)? on|going on": "continues",
    r"hands? (?:over|it|in)|handed(?: over| in)?": "passes, returns",
    r"a person's word|of a person's": "an override",
    r"what (?:was|were|is|are) (?:found|said|tried|kept|asked|given|left|done|behind|beside)": "name the noun",
    r"(?:nothing|nobody) says|says? nothing of": "name the subject",
    r"for ever": "forever",
    r"of what (?:is|was|are|were|nobody|nothing)": "name the noun",
    r"no one of|asks? after": "requests, tests",
    r"of now": "current",
    r"hold exit": "fixed hold",
    r"flatter(?:s|ed|ing)?": "raises; looks better than",
    r"living tickers?": "current tickers",
    r"shall see it|take a table along|survivors only, unknown": "plain words of the field",
    r"best twentieth": "best 5%",
    r"keeps? (?:its|their) place": "stays",
}
"""Regular expression of a phrase, and the plain words to use instead."""

_PHRASES = {re.compile(rf"\b(?:{phrase})\b", re.IGNORECASE): better for phrase, better in BANNED.items()}
_CLAUSES = {
    re.compile(
        r"(?:(?<=[.!?]\s)|^)(?:What|Who|Whose)\s(?:(?![.?](?:\s|$)).)*(?:\.(?=\s|$)|$)"
    ): "begin with the noun, not with What or Who",
    re.compile(r"(?:(?<=[.!?]\s)|^)Of (?:two|three|several|many)\b[^.?]*\bcomes?\b"): "subject, verb, object",
}
"""Sentences whose subject is a relative clause, or whose word order is inverted."""

GENERATED = {"report_types.py"}


def _joined(parts: list[str]) -> str:
    return re.sub(r"\s+", " ", " ".join(parts)).strip()


def prose_of_python(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of every comment block, docstring and message; adjacent string literals are one text."""
    kind, line, parts = 0, 0, []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in (tokenize.NL, tokenize.INDENT, tokenize.DEDENT):
            continue
        if token.type not in (tokenize.COMMENT, tokenize.STRING):
            if parts:
                yield line, _joined(parts)
            kind, parts = 0, []
            continue
        if parts and token.type != kind:
            yield line, _joined(parts)
            parts = []
        if not parts:
            kind, line = token.type, token.start[0]
        if token.type == tokenize.COMMENT:
            parts.append(token.string.lstrip("#: "))
        else:
            parts.append(re.sub(r"^[a-zA-Z]*(\"\"\"|\"|')|(\"\"\"|\"|')$", "", token.string))
    if parts:
        yield line, _joined(parts)


def prose_of_text(text: str) -> Iterator[tuple[int, str]]:
    """Line and text of every paragraph, list item and table row outside fenced code."""
    fenced, line, parts = False, 0, []
    for number, raw in enumerate([*text.splitlines(), ""], start=1):
        stripped = raw.strip().removeprefix("-- ")
        is_fence = stripped.startswith("```")
        if parts and (not stripped or is_fence or re.match(r"[-*|#>]|\d+\. ", stripped)):
            yield line, _joined(parts)
            parts = []
        fenced ^= is_fence
        if stripped and not fenced and not is_fence:
            line = line if parts else number
            parts.append(re.sub(r"^[-*] |^\d+\. |^#+ ", "", stripped))


@cache
def pages() -> tuple[Path, ...]:
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("dbt_like_sql/**/*.sql")]
    code = [*ROOT.glob("btassets/**/*.py"), *ROOT.glob("btassets_tests/**/*.py"), *ROOT.glob("docs/*.py")]
    found += [path for path in code if path.name not in GENERATED and path != Path(__file__).resolve()]
    return tuple(sorted(found))


def findings(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    prose = prose_of_python(text) if path.suffix == ".py" else prose_of_text(text)
    # A test's docstring is a title: "What the page shows" is one.
    clauses = {} if path.suffix == ".sql" or ROOT / "btassets_tests" in path.parents else _CLAUSES
    return [
        f"{path.relative_to(ROOT)}:{line}: {match[0].strip()!r}: {better}"
        for line, found in prose
        for pattern, better in (_PHRASES | clauses).items()
        if (match := pattern.search(found))
    ]


def test_no_phrase_reads_translated() -> None:
    assert len(pages()) > 300
    found = [finding for path in pages() for finding in findings(path)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("source", "banned"),
    [
        ('"""What a stage is handed."""', "What a stage is handed."),
        ("# Whoever is not ranked leaves its place\n", "Whoever"),
        ('x = ("the reader is "\n     "told of it")', "is told"),
        (
            '"""Rows.\n\n    Of two tables of one stage comes one dependency.\n    """',
            "Of two tables of one stage comes",
        ),
        ("# the file\n# keeps its word\n", "keeps its word"),
    ],
)
def test_a_banned_phrase_is_found_across_lines(source: str, banned: str) -> None:
    texts = [text for _, text in prose_of_python(source)]
    assert len(texts) == 1
    matches = [match[0].strip() for pattern in _PHRASES | _CLAUSES if (match := pattern.search(texts[0]))]
    assert banned in matches


def test_questions_and_code_are_not_banned() -> None:
    text = "## Question\n\nWhat qualifies now?\n\n```text\nwhoever | is told\n```\n\n| Which floor adds value? | x |\n"
    found = list(prose_of_text(text))
    assert [line for line, _ in found] == [1, 3, 9]
    assert not [pattern for pattern in _PHRASES | _CLAUSES for _, prose in found if pattern.search(prose)]
