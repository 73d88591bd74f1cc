"""The external input `setup_rule`: None for the built-in rule, and a missing rule is no error of its version."""

from pathlib import Path

import pytest

from btassets.book.book import open_book
from btassets.errors import UsageError
from btassets.run.setup_rule import rule_content, setup_rule, setup_rule_version
from btassets_tests.support.own_panel import write_source
from btassets_tests.support.own_rules import rule_text


def test_the_built_in_rule_has_no_version(book: Path) -> None:
    opened = open_book(book, environ={})
    assert setup_rule(opened) is setup_rule_version(opened) is rule_content(opened) is None
    assert opened.replay == "base"


def test_an_own_rule_has_its_own_replay_and_the_limit_of_the_settings(book: Path) -> None:
    write_source(book, "idea.py", rule_text())
    overrides = {"setup.rule": "idea", "own.max_ticker_seconds": 2.5}
    opened = open_book(book, scenario="own", overrides=overrides, environ={})
    rule = setup_rule(opened)
    assert rule is not None
    assert (rule.name, rule.seconds, rule.source.name) == ("idea", 2.5, "own/idea.py")
    assert opened.replay.startswith("replay-")
    assert rule_content(opened) == f"idea {rule.source.content}"


def test_a_missing_rule_is_refused_where_it_is_read_alone(book: Path) -> None:
    opened = open_book(book, scenario="own", overrides={"setup.rule": "gone"}, environ={})
    with pytest.raises(UsageError, match="no def of that name"):
        setup_rule(opened)
    assert "no def of that name" in str(setup_rule_version(opened))
    assert rule_content(opened) == "gone"
