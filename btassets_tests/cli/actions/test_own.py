"""`own`: the list of every signal and own stage, before and after a run; commands that read the table of a stage."""

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


def test_own_stages_are_listed_and_read_by_every_command(book: Path, tmp_path: Path) -> None:
    (book / "own").mkdir()
    (book / "own" / "per_side.sql").write_text(
        "-- stage: per_side\n-- reads: graded_setups\n"
        "select direction, count(*) as n from graded_setups group by direction order by direction"
    )
    (book / "own" / "bad.sql").write_text("-- stage: bad\n-- reads: per_side\nselect nothing from per_side")
    answer = call("own", "--book", book, "--format", "json")
    stages = {row["stage"]: row for row in json.loads(answer.out)["stages"]}
    assert (stages["per_side"]["state"], stages["per_side"]["reads"]) == ("not run yet", ["graded_setups"])
    assert {"per_side", "bad"} & {row["signal"] for row in json.loads(answer.out)["signals"]} == set()
    opened = open_book(book, environ={}, mends=True)
    for name in ("per_side", "bad"):
        run_stage(name, opened)
    text = call("own", "--book", book).out
    assert "per_side" in text
    assert "computed" in text
    assert "refused: own/bad.sql line 1: bad: BinderException" in text
    out = tmp_path / "out.csv"
    assert call("export", "per_side", "--book", book, "--out", out).code == 0
    n = opened.lake.read("graded_setups").num_rows
    asked = call("sql", "select cast(sum(n) as bigint) as n from per_side", "--book", book, "--format", "csv")
    assert asked.out.split() == ["n", str(n)]
    assert sum(int(line.rpartition(",")[2]) for line in out.read_text().splitlines()[1:]) == n
    for words in (("export", "bad", "--out", out), ("sql", "select * from bad")):
        refused = call(*words, "--book", book)
        assert (refused.code, "bad: was left out of the last run: own/bad.sql line 1" in refused.err) == (6, True)
    (book / "own" / "per_side.sql").write_text("-- stage: per_side\nselect 1 as x")
    stages = {row["stage"]: row for row in json.loads(call("own", "--book", book, "--format", "json").out)["stages"]}
    assert stages["per_side"]["state"] == "stale"
