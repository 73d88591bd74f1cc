"""Rules by name: found in the text of sources, without importing them."""

from pathlib import Path

import pytest

from btassets.errors import UsageError
from btassets.own.discover import find_sources
from btassets.own.setups.rule_names import OwnRule, rule_entries, rule_named, rules_in
from btassets_tests.support.own_panel import write_source
from btassets_tests.support.own_rules import rule_text


def test_the_built_in_rule_is_the_first_entry(tmp_path: Path) -> None:
    write_source(tmp_path, "idea.py", rule_text())
    entries = rule_entries(find_sources(tmp_path))
    assert [(one.name, one.origin) for one in entries if "package" not in one.origin] == [
        ("levels", "btassets"), ("idea", "own/idea.py")]  # fmt: skip


SECOND = "from btassets import setup_rule\n@setup_rule(lookback=1)\ndef second(w): ...\n"


def test_a_rule_of_an_imported_source_is_one_rule(tmp_path: Path) -> None:
    write_source(tmp_path, "more.py", SECOND)
    write_source(tmp_path, "idea.py", f"import more\n{rule_text()}")
    assert rule_named("second", find_sources(tmp_path)).origin == "own/more.py"


def test_rules_are_found_under_every_spelling_and_in_imported_files(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "_more.py").write_text(SECOND)
    text = f"import _more\n{rule_text()}\ndef third(w): ...\n@bt.signal(lookback=1)\ndef fourth(w): ...\n"
    assert sorted(rules_in(write_source(tmp_path, "idea.py", text))) == ["idea", "second"]
    assert rules_in(write_source(tmp_path, "broken.py", "def (:")) == []


def test_an_unknown_name_is_refused_with_the_nearest(tmp_path: Path) -> None:
    sources = [write_source(tmp_path, "idea.py", rule_text(name="breakout"))]
    with pytest.raises(UsageError, match=r"setup.rule = brekout: .*did you mean breakout\?"):
        rule_named("brekout", sources)
    with pytest.raises(UsageError, match="there are levels, breakout"):
        rule_named("zzz", sources)


@pytest.mark.parametrize("name", ["twin", "levels"])
def test_a_name_that_is_taken_is_refused(tmp_path: Path, name: str) -> None:
    sources = [write_source(tmp_path, f"{stem}.py", rule_text(name=name)) for stem in ("a", "b")]
    with pytest.raises(UsageError, match=r"setup rules have that name .*own/a\.py and own/b\.py"):
        rule_named(name, sources)


def test_the_version_follows_the_text_and_the_limit(tmp_path: Path) -> None:
    versions = set()
    for body, seconds in (("return None", 1.0), ("return None", 2.0), ("return  None", 1.0)):
        versions.add(OwnRule("idea", write_source(tmp_path, "idea.py", rule_text(body)), seconds).version)
    assert len(versions) == 3
