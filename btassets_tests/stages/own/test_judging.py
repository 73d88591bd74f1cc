"""Own signals in a run: computed, proven, judged, shown; a refused one is left out and the others continue."""

import json
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from btassets.book.book import Book, open_book
from btassets.engine.signals import SIGNAL_NAMES
from btassets.graph.flow import downstream, stages_under
from btassets.plan import explain
from btassets.run.run_stage import run_stage
from btassets.settings.models import Settings
from btassets.stages.own import judging
from btassets_tests.support.book_factory import call
from btassets_tests.support.own_panel import window

RETURN = window("return w.close[-1] / w.close[0] - 1.0", lookback=21)
BEHIND = downstream({"own_signals"}, stages_under(Settings()))


def opened(folder: Path) -> Book:
    return open_book(folder, environ={})


def write(folder: Path, **files: str) -> None:
    (folder / "own").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / "own" / name.replace("__", ".")).write_text(text, encoding="utf-8")


def proofs(folder: Path) -> dict[str, dict[str, object]]:
    run_stage("own_signals", opened(folder))
    return {row["signal"]: row for row in opened(folder).lake.read("own_signal_proofs").to_pylist()}


def column(folder: Path, signal: str) -> list[float | None]:
    table = opened(folder).lake.read("own_signals")
    return table.filter(pc.equal(table["signal"], signal))["value"].to_pylist()


def test_an_own_signal_has_the_values_of_the_built_in_one(book: Path) -> None:
    write(book, idea__py=RETURN, given__csv="date,ticker,value\n2021-01-05,SYN0001,1\n")
    found = proofs(book)
    assert {name: row["state"] for name, row in found.items()} == {"idea": "proven", "given": "given"}
    assert found["idea"]["n_tickers"] == 8
    assert column(book, "idea") == opened(book).lake.read("factor_signals")["reversal_1m"].to_pylist()


def test_a_bad_signal_is_left_out_and_the_run_tells_it(book: Path) -> None:
    write(
        book,
        idea__py=RETURN,
        raises__py=window("return 1 / 0").replace("def idea", "def raises"),
        missing__py=window("return float('nan')").replace("def idea", "def missing"),
        twice__py=RETURN,
        mom_12_1__sql="select ticker, date, 1 as value from bars",
        peek__sql="select ticker, date, close / avg(close) over (partition by ticker) as value from bars",
    )
    answer = call("run", "--book", book, "--quiet")
    assert answer.code == 6, answer.err
    rows = opened(book).lake.read("own_signal_proofs").to_pylist()
    states = {(row["signal"], row["source"]): (row["state"], row["reason"]) for row in rows}
    assert states.pop(("idea", "own/idea.py")) == ("proven", None)
    expected = {
        "own/raises.py": "own/raises.py line 5: ZeroDivisionError: division by zero (SYN0001 ",
        "own/missing.py": "missing: no value at any of",
        "own/twice.py": "the signal idea is already declared in own/idea.py",
        "own/mom_12_1.sql": "the signal mom_12_1 is already built in",
        "own/peek.sql": "it looks ahead",
    }
    assert {source for _, source in states} == set(expected)
    for (_, source), (state, reason) in states.items():
        assert state == "refused"
        assert expected[source] in str(reason)
        assert f"own signal left out: {reason}" in answer.err
    lake = opened(book).lake
    assert set(lake.read("own_signals")["signal"].to_pylist()) == {"idea"}
    assert set(lake.read("stat_signals")["signal"].to_pylist()) == {*SIGNAL_NAMES, "idea"}
    assert explain(opened(book)) == []
    report = json.loads((book / "reports" / "latest" / "report.json").read_text())
    assert report["statistics"]["own_signals"][0]["signal"] == "idea"
    page = (book / "reports" / "latest" / "report.html").read_text()
    assert "Own signals" in page
    assert "1 in use, 5 refused. 1 idea judged" in page


def test_a_change_of_the_file_makes_exactly_the_stages_behind_it_stale(book: Path) -> None:
    assert not explain(opened(book))
    write(book, idea__py=RETURN)
    found = {stale.name: [reason.text for reason in stale.reasons] for stale in explain(opened(book))}
    assert set(found) == BEHIND
    assert found["own_signals"] == ["own/idea.py is new"]
    assert not BEHIND & {"candidates", "factor_signals", "percentile_ranks", "graded_setups", "portfolio_sims"}
    run_stage("own_signals", opened(book))
    write(book, idea__py=RETURN + "# a comment\n")
    assert {s.name: [r.text for r in s.reasons] for s in explain(opened(book))}["own_signals"] == [
        "own/idea.py was edited"
    ]
    (book / "own" / "idea.py").unlink()
    assert "own/idea.py is gone" in [r.text for s in explain(opened(book)) for r in s.reasons]


def test_only_the_changed_signal_is_computed_again(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(book, idea__py=RETURN, other__py=RETURN.replace("def idea", "def other"))
    proofs(book)
    kept = column(book, "other")
    computed: list[str] = []
    real = judging.all_values

    def counted(signal: judging.OwnSignal, *rest: object) -> np.ndarray:
        computed.append(signal.name)
        return real(signal, *rest)

    monkeypatch.setattr(judging, "all_values", counted)
    write(book, idea__py=RETURN.replace("- 1.0", "- 2.0"))
    assert {name: row["state"] for name, row in proofs(book).items()} == {"idea": "proven", "other": "proven"}
    assert computed == ["idea"]
    assert column(book, "other") == kept
