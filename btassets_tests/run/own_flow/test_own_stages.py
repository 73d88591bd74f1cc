"""What the last run left out of own stages, and readers of such a table."""

from pathlib import Path

import pytest

from btassets.book.book import open_book
from btassets.run.own_flow.own_stages import StageLeftOutError, left_out, own_stages, refuse_left_out
from btassets.run.run_stage import run_stage
from btassets_tests.support.own_panel import write_source


def test_a_stage_that_failed_is_refused_to_readers_with_its_reason(book: Path) -> None:
    write_source(book, "bad.sql", "-- stage: bad\n-- reads: nothing_here\nselect 1 as x")
    write_source(book, "taken.sql", "-- stage: trades\nselect 1 as x")
    opened = open_book(book, environ={}, mends=True)
    assert list(own_stages(opened).own) == ["bad"]
    refuse_left_out(opened, ["bad", "trades"])  # not run yet
    run_stage("bad", opened)
    with pytest.raises(StageLeftOutError, match=r"bad: was left out .*own/bad\.sql line 1: bad reads nothing_here"):
        refuse_left_out(opened, ["bad", "trades"])
    assert [text.partition(":")[0] for text in left_out(opened)] == ["own/taken.sql line 1", "own/bad.sql line 1"]
