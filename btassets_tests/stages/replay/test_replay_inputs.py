"""Inputs of a replay: the setup rule enters every fingerprint."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from btassets.book.book import open_book
from btassets.run.tables import inputs_of
from btassets.stages.replay.replay_inputs import fingerprint, read_inputs
from btassets_tests.support.own_panel import write_source
from btassets_tests.support.own_rules import rule_text


def test_the_rule_and_its_text_are_part_of_a_fingerprint(book: Path) -> None:
    days = np.arange(19_000, 19_010, dtype=np.int32)
    found = [read_inputs(*inputs_of("candidates", open_book(book, environ={})))]
    for body in ("return None", "return  None"):
        write_source(book, "idea.py", rule_text(body))
        own = open_book(book, scenario="own", overrides={"setup.rule": "idea"}, environ={})
        found.append(read_inputs(*inputs_of("candidates", own)))
    assert [one.rule is None for one in found] == [True, False, False]
    assert len({fingerprint(replace(one, sessions=found[0].sessions), days, "bars") for one in found}) == 3
