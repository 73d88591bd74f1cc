"""`own`: the list of every signal, before and after a run."""

import json
from pathlib import Path

from btassets.book.book import open_book
from btassets.engine.signals import SIGNAL_NAMES
from btassets.run.run_stage import run_stage
from btassets_tests.support.book_factory import call
from btassets_tests.support.own_panel import window


def listed(book: Path) -> dict[str, dict[str, object]]:
    answer = call("own", "--book", book, "--format", "json")
    assert answer.code == 0, answer.err
    return {row["signal"]: row for row in json.loads(answer.out)["signals"]}


def test_signals_are_listed_with_their_state(book: Path) -> None:
    assert "no signal of your own yet" in call("own", "--book", book).out
    (book / "own").mkdir()
    (book / "own" / "idea.py").write_text(window("return w.close[-1] / w.close[0]"))
    (book / "own" / "broken.py").write_text("import nowhere_to_be_found\n")
    (book / "own" / "mom_6_1.sql").write_text("select 1")
    found = listed(book)
    assert list(found)[: len(SIGNAL_NAMES)] == list(SIGNAL_NAMES)
    assert (found["idea"]["state"], found["idea"]["source"], found["idea"]["lookback"]) == (
        "not run yet",
        "own/idea.py",
        3,
    )
    assert (found["broken"]["state"], found["mom_6_1"]["state"]) == ("refused", "refused")
    run_stage("own_signals", open_book(book, environ={}))
    assert listed(book)["idea"]["state"] == "proven"
    text = call("own", "--book", book).out
    assert "refused: own/broken.py line 1: ModuleNotFoundError" in text
    assert "refused: the signal mom_6_1 is already built in" in text
    (book / "own" / "idea.py").write_text(window("return w.close[-2] / w.close[0]"))
    assert listed(book)["idea"]["state"] == "not run yet"
