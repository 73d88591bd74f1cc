"""Names that changed between releases, so that two installs can be compared value by value.

Belongs here: old name -> new name of tables, columns, coded values, settings and report keys, and the columns
that cannot be equal (hashes over names). Does not belong here: comparing (`values.py`).

Every map is applied to both installs, so that a comparison of two new ones works as well.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TABLES: dict[str, str] = {
    "stat_book": "stat_portfolio",
}
"""Table names."""

COLUMNS: dict[str, dict[str, str]] = {}
"""Column names by (new) table name; `*`: of every table."""

VALUES: dict[tuple[str, str], dict[str, str]] = {}
"""Coded values by (new) table and column name."""

DERIVED: dict[str, frozenset[str]] = {
    "trials": frozenset({"settings_hash", "data_version"}),
    "backtest_report": frozenset({"settings_hash", "folder", "report"}),
    "journal": frozenset({"settings_hash", "shown_at", "line_hash"}),
    "journal_results": frozenset({"settings_hash"}),
    "journal_verdict": frozenset({"settings_hash"}),
}
"""Columns that hash the names of settings or the sources, or tell a time: equal numbers do not make them equal."""

PROSE = frozenset({"sentence", "text", "about", "evidence_text", "headline", "first_failing"})
"""Columns of sentences: their numbers must be equal; the wording may differ and is counted."""

SETTINGS: dict[str, str] = {
    "method.book": "method.portfolio",
    "book.": "portfolio.",
}
"""Settings: a whole key, or a section with its dot."""

PROFILES: dict[str, str] = {"honest": "standard", "seed": "legacy"}
"""Names of the profiles."""

REPORT_KEYS: dict[str, str] = {}
"""Keys of report.json, at any depth."""

REPORT_DERIVED = frozenset({"settings_hash", "code_version", "version", "command"})
"""Keys of report.json that hash names or sources, and the command line, whose words are sorted by their names."""


def setting(name: str) -> str:
    """New name of a dotted setting.

    >>> setting("book.max_positions"), setting("method.book"), setting("gates.min_rr")
    ('portfolio.max_positions', 'method.portfolio', 'gates.min_rr')
    """
    if name in SETTINGS:
        return SETTINGS[name]
    for old, new in SETTINGS.items():
        if old.endswith(".") and name.startswith(old):
            return new + name.removeprefix(old)
    return name


def in_text(text: str) -> str:
    """Text with the new names of settings and profiles; a JSON object's keys in their order.

    >>> in_text('{"book.max_positions": 15, "basis": "hold_5", "profile": "honest"}')
    '{"basis": "hold_5", "portfolio.max_positions": 15, "profile": "standard"}'
    >>> in_text("seed")
    'seed'
    """
    if not text.startswith('{"'):
        return text
    renamed = re.sub(r'"([a-z_.]+)"', lambda found: f'"{_word(found[1])}"', text)
    return json.dumps(json.loads(renamed), sort_keys=True)


def _word(word: str) -> str:
    return PROFILES.get(word, setting(word))


@dataclass(frozen=True)
class Words:
    """Words that the commands of one install understand."""

    profiles: Mapping[str, str]
    settings: Mapping[str, str]

    def of_setting(self, name: str) -> str:
        """Name of a setting in this install, from its new name."""
        for old, new in self.settings.items():
            if name == new or (new.endswith(".") and name.startswith(new)):
                return old + name.removeprefix(new)
        return name

    def of_profile(self, name: str) -> str:
        """Name of a profile in this install, from its new name."""
        return next((old for old, new in self.profiles.items() if new == name), name)


def words_of(install: Path) -> Words:
    """Words of an install, by whether its profiles have the new names."""
    text = (install / "btassets" / "settings" / "profiles.py").read_text(encoding="utf-8")
    is_old = '"seed":' in text
    return Words(PROFILES, SETTINGS) if is_old else Words({}, {})
