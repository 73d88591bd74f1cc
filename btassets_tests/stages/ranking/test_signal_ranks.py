"""Signals in the gate: ranks against a naive twin, floors in the models, and nothing new by default."""

import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from btassets.book.book import Book, open_book
from btassets.engine.floors import percentile_of
from btassets.errors import SettingError, UsageError
from btassets.plan import explain, run_scenario
from btassets.run.run_stage import run_stage
from btassets.run.tables import inputs_of
from btassets.run.trials import n_trials
from btassets.stages.ranking.gate_signals import GateSignalError
from btassets.stages.ranking.signal_ranks import compute
from btassets.studies.sweep.sweep import sweep_document
from btassets_tests.reference import naive_ic
from btassets_tests.support.book_factory import call
from btassets_tests.support.own_panel import window
from btassets_tests.support.small_books import run_as, run_book, scenario_book

RETURN = window("return w.close[-1] / w.close[0] - 1.0", lookback=21).replace("=21)", "=21, sign=-1)")


def table(book: Book, name: str) -> pa.Table:
    stage_key = book.replay if name in ("factor_signals", "own_signals") else book.scenario
    return book.lake.read(name, stage_key)


def twin(book: Book, signal: str, sign: int, flag: str = "is_week") -> dict[tuple[object, str], float | None]:
    """Percentile by date and ticker over the eligible tickers of each date."""
    rows = [row for row in table(book, "factor_signals").to_pylist() if row[flag] and row["eligible"]]
    values = [None if row[signal] is None else sign * row[signal] for row in rows]
    found = naive_ic.mean_rank_percentiles([row["asof_date"] for row in rows], values, [True] * len(rows))
    return {(row["asof_date"], row["ticker"]): own for row, own in zip(rows, found, strict=True)}


@pytest.fixture(scope="module")
def by_reversal() -> Book:
    """The small book, ranked by one-month return (sign -1), with floors on two signals."""
    floors = ["vol_6m >= 30", "reversal_1m <= 95"]
    return run_as(run_book(), "by-reversal", gates__ranking="reversal_1m", gates__floors=floors)


@pytest.mark.parametrize(("grid", "flag"), [("week", "is_week"), ("latest", "is_latest")])
def test_the_ranks_are_those_of_the_naive_twin(by_reversal: Book, grid: str, flag: str) -> None:
    rows = [row for row in table(by_reversal, "signal_ranks").to_pylist() if row["grid"] == grid]
    assert rows
    for column, signal, sign in (
        ("ranking_percentile", "reversal_1m", -1),
        ("percentile_of_reversal_1m", "reversal_1m", -1),
        ("percentile_of_vol_6m", "vol_6m", -1),
    ):
        expected = {key: value for key, value in twin(by_reversal, signal, sign, flag).items() if value is not None}
        found = {(row["asof_date"], row["ticker"]): row[column] for row in rows if row[column] is not None}
        assert found == expected, column
    activation = {
        (row["asof_date"], row["ticker"]): row["activation_momentum_percentile"]
        for row in table(by_reversal, "percentile_ranks").to_pylist()
        if row["grid"] == grid
    }
    expected = twin(by_reversal, "reversal_1m", -1, flag)
    assert {key: value for key, value in activation.items() if value is not None} == {
        key: value for key, value in expected.items() if value is not None
    }


def test_a_row_has_the_percentiles_of_the_last_week_end(by_reversal: Book) -> None:
    ranks = {
        (row["ticker"], row["asof_date"]): row
        for row in table(by_reversal, "signal_ranks").to_pylist()
        if row["grid"] == "week"
    }
    weeks = sorted({day for _, day in ranks})
    graded = table(by_reversal, "graded_setups").to_pylist()
    n_compared = 0
    for row in graded:
        before = [day for day in weeks if day <= row["asof_date"]]
        own = ranks.get((row["ticker"], before[-1])) if before else None
        expected = None if own is None else own["percentile_of_vol_6m"]
        assert row["percentile_of_vol_6m"] == expected
        assert row["vol_6m_at_least_ok"] == (expected is not None and expected >= 30)
        top = None if own is None else own["percentile_of_reversal_1m"]
        assert row["reversal_1m_at_most_ok"] == (top is not None and top <= 95)
        n_compared += expected is not None
        core = [row[name] for name in ("rr_ok", "confidence_ok", "neutral_ok", "tighteners_ok")]
        assert row["meets_core"] == all([*core, row["vol_6m_at_least_ok"], row["reversal_1m_at_most_ok"]])
    assert n_compared > 50


def test_the_built_in_signal_by_name_ranks_as_residual_momentum_does() -> None:
    """The percentiles equal the model's to the last bit, and so does the gate in weeks that have enough residuals."""
    named = run_as(run_book(), "named", gates__ranking="mom_12_1_resid")
    rows = [row for row in table(named, "percentile_ranks").to_pylist() if row["direction"] is None]
    assert sum(row["activation_momentum_percentile"] is not None for row in rows) > 100
    for row in rows:
        assert row["activation_momentum_percentile"] == row["residual_momentum_percentile"]
    raw = run_as(run_book(), "named-raw", gates__ranking="mom_12_1")
    for row in table(raw, "percentile_ranks").to_pylist():
        assert row["activation_momentum_percentile"] == row["momentum_percentile"]


def test_each_floor_on_a_signal_has_its_row_in_the_ablation(by_reversal: Book) -> None:
    rows = {row["variant"]: row for row in table(by_reversal, "gate_ablation").to_pylist()}
    assert list(rows)[-3:] == ["no_vol_6m_at_least", "no_reversal_1m_at_most", "momentum_only"]
    graded = [row for row in table(by_reversal, "graded_setups").to_pylist() if row["is_graded"] and row["momentum_ok"]]
    core = ("rr_ok", "confidence_ok", "neutral_ok", "tighteners_ok")
    without = [row for row in graded if all(row[name] for name in (*core, "reversal_1m_at_most_ok"))]
    assert rows["no_vol_6m_at_least"]["total"] == len(without)
    assert rows["momentum_only"]["total"] == len(graded)
    assert rows["all_floors"]["total"] < len(without)


def test_todays_list_names_the_floors_and_shows_the_signals(by_reversal: Book) -> None:
    found = table(by_reversal, "todays_setups")
    assert found.schema.names[-4:] == [
        *("value_of_vol_6m", "percentile_of_vol_6m", "value_of_reversal_1m", "percentile_of_reversal_1m")
    ]
    ranks = {r["ticker"]: r for r in table(by_reversal, "signal_ranks").to_pylist() if r["grid"] == "latest"}
    rows = found.to_pylist()
    assert rows
    for row in rows:
        own = ranks.get(row["ticker"], {})
        assert row["percentile"] == own.get("ranking_percentile")
        for name in found.schema.names[-4:]:
            assert row[name] == own.get(name)
        floor = row["percentile_of_vol_6m"]
        assert ("vol_6m_at_least" in row["failed_floors"].split(",")) == (floor is None or floor < 30)


def test_the_report_names_the_ranking_the_floors_and_their_values(by_reversal: Book) -> None:
    footer = by_reversal.lake.footer("backtest_report", by_reversal.scenario)
    assert footer is not None
    folder = by_reversal.folder / footer.facts["folder"]
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    gate = {"vol_6m_at_least": 30.0, "reversal_1m_at_most": 95.0, "ranking": "reversal_1m"}
    assert gate.items() <= report["activation"].items()
    assert [text for text in report["warnings"] if text.startswith("ranked_by_signal: gates.ranking is reversal_1m;")]
    assert report["ranking"]["signal"] == "reversal_1m"
    variants = [row["variant"] for row in report["gate_ablation"]]
    assert {"no_vol_6m_at_least", "no_reversal_1m_at_most"} <= set(variants)
    stored = table(by_reversal, "todays_setups").to_pylist()
    shown = [*report["todays_setups"]["qualified"], *report["todays_setups"]["nearest_misses"]]
    assert len(shown) == len(stored)
    for row, other in zip(shown, stored, strict=True):
        expected = other["percentile_of_vol_6m"]
        assert row["percentile_of_vol_6m"] == (None if expected is None else round(expected, 1))
    page = (folder / "report.html").read_text(encoding="utf-8").replace("<wbr>", "")
    for words in ("Percentile of vol_6m at least", "Ranked by", "Without vol_6m at least", "vol_6m, percentile"):
        assert words in page


def test_without_signals_the_table_is_empty_and_no_column_is_added() -> None:
    base = run_book()
    assert table(base, "signal_ranks").num_rows == 0
    for name in ("graded_setups", "todays_setups", "percentile_ranks"):
        assert not [
            column for column in table(base, name).schema.names if column.startswith(("percentile_of", "value"))
        ]


def test_ranks_of_a_date_use_values_of_that_date_only(by_reversal: Book) -> None:
    """Values of later dates are replaced: the ranks up to the cut are unchanged."""
    tables, settings = inputs_of("signal_ranks", by_reversal)
    whole = compute(tables, settings).tables["signal_ranks"]
    assert isinstance(whole, pa.Table)
    signals = table(by_reversal, "factor_signals")
    days = sorted(set(whole["asof_date"].to_pylist()))
    cut = days[len(days) // 2]
    is_later = np.array([day > cut for day in signals["asof_date"].to_pylist()])

    class Altered:
        scenario = tables.scenario

        def __getitem__(self, name: str) -> object:
            return self

        def read(self, columns: list[str]) -> pa.Table:
            made = signals.select(columns)
            for column in set(columns) & {"reversal_1m", "vol_6m"}:
                other = np.where(is_later, -7.0 * made[column].to_numpy(), made[column].to_numpy())
                made = made.set_column(made.schema.names.index(column), column, pa.array(other, from_pandas=True))
            return made

    changed = compute(Altered(), settings).tables["signal_ranks"]  # type: ignore[arg-type]
    before = [row for row in whole.to_pylist() if row["asof_date"] <= cut]
    assert [row for row in changed.to_pylist() if row["asof_date"] <= cut] == before
    assert changed.to_pylist() != whole.to_pylist()


def opened(folder: Path, **gates: object) -> Book:
    overrides = {f"gates.{name}": value for name, value in gates.items()}
    return open_book(folder, scenario="set-own" if gates else "base", overrides=overrides, environ={})


def write(folder: Path, name: str, text: str) -> None:
    (folder / "own").mkdir(exist_ok=True)
    (folder / "own" / name).write_text(text, encoding="utf-8")


def test_an_own_signal_ranks_as_the_built_in_one_does(book: Path) -> None:
    """The same formula and sign: the same portfolio; a comment changes nothing, another number makes the gate stale."""
    write(book, "idea.py", RETURN)
    own = opened(book, ranking="idea", floors=["idea >= 20"])
    run_stage("own_signals", own)
    run_scenario(own, n_threads=1, log=lambda _text: None)
    rows = table(own, "signal_ranks").to_pylist()
    assert sum(row["ranking_percentile"] is not None for row in rows) > 100
    twins = twin(own, "reversal_1m", -1)
    values = {(row["ticker"], row["asof_date"]): row["reversal_1m"] for row in table(own, "factor_signals").to_pylist()}
    for row in rows:
        assert row["ranking_value"] == row["value_of_idea"] == values[row["ticker"], row["asof_date"]]
        assert row["ranking_percentile"] == row[percentile_of("idea")]
        if row["grid"] == "week":
            assert row["ranking_percentile"] == twins[row["asof_date"], row["ticker"]]
    assert explain(opened(book, ranking="idea", floors=["idea >= 20"])) == []
    write(book, "other.py", RETURN.replace("def idea", "def other"))
    run_stage("own_signals", opened(book))
    stale = {one.name for one in explain(opened(book, ranking="idea", floors=["idea >= 20"]))}
    assert "signal_ranks" in stale
    assert "signal_ranks" not in {one.name for one in explain(opened(book))}
    outcome = run_stage("signal_ranks", opened(book, ranking="idea", floors=["idea >= 20"]))
    assert not outcome.is_cached
    left = {one.name for one in explain(opened(book, ranking="idea", floors=["idea >= 20"]))}
    assert not left & {"signal_ranks", "percentile_ranks", "graded_setups", "portfolio_sims"}


def test_a_sweep_ranks_by_own_signals_and_counts_their_content(book: Path) -> None:
    """Two names of one formula make the same cells and two trials; an edited idea is another trial, a comment none."""
    write(book, "idea.py", RETURN)
    with pytest.raises(UsageError, match="own_signals is stale"):
        sweep_document(opened(book), ["gates.ranking=idea"], progress=lambda *_: None, replay=lambda _: None)
    run_stage("own_signals", opened(book))

    def swept() -> tuple[list[dict[str, object]], int]:
        words = ["gates.ranking=idea,reversal_1m", "gates.floors=off,idea <= 90"]
        found = sweep_document(opened(book), words, progress=lambda *_: None, replay=lambda _: None)
        return found["cells"], n_trials(opened(book))

    cells, n_first = swept()
    own, other = cells[:2], cells[2:]
    assert [{**row, "values": None} for row in own] == [{**row, "values": None} for row in other]
    assert own[0]["n_setups"] != own[1]["n_setups"]
    write(book, "idea.py", RETURN + "# a comment\n")
    run_stage("own_signals", opened(book))
    assert swept() == (cells, n_first)
    write(book, "idea.py", RETURN.replace("- 1.0", "- 2.0"))
    run_stage("own_signals", opened(book))
    changed, n_later = swept()
    assert n_later == n_first + 3  # every cell that names it, in its ranking or a floor
    assert [row["n_setups"] for row in changed] == [row["n_setups"] for row in cells]


def test_an_unknown_name_has_a_near_one(book: Path) -> None:
    with pytest.raises(SettingError, match=r'gates.ranking = "reversal_1": .*did you mean reversal_1m\?'):
        run_stage("signal_ranks", opened(book, ranking="reversal_1"))
    with pytest.raises(SettingError, match=r'gates.floors = "vol_6": .*did you mean vol_6m\?'):
        run_stage("signal_ranks", opened(book, floors=["vol_6 <= 50"]))


def test_a_refused_signal_in_the_gate_ends_the_run(book: Path) -> None:
    write(book, "raises.py", window("return 1 / 0").replace("def idea", "def raises"))
    run_stage("own_signals", opened(book))
    with pytest.raises(GateSignalError, match=r"gates.ranking names raises, which is refused: own/raises.py line 5"):
        run_stage("signal_ranks", opened(book, ranking="raises"))
    answer = call("run", "--book", book, "--quiet", "--set", "gates.floors=['raises >= 50']", "--as", "bad")
    assert answer.code == 6, answer.err
    assert "gates.floors names raises, which is refused" in answer.err
    assert "Traceback" not in answer.err


def test_rows_are_not_ranked_by_a_signal() -> None:
    legacy = scenario_book("legacy")
    refused = open_book(
        legacy.folder,
        scenario="set-refused",
        overrides={"profile": "legacy", "gates.ranking": "vol_6m"},
        environ={},
    )
    with pytest.raises(SettingError, match=r'gates.ranking = "vol_6m": .*method.ranking is "rows"'):
        run_stage("signal_ranks", refused)


def test_a_signal_ranks_tickers_without_momentum(by_reversal: Book) -> None:
    """A signal of few bars has values before a year of bars is there."""
    ranked = [row for row in table(by_reversal, "percentile_ranks").to_pylist() if row["grid"] == "week"]
    young = [row for row in ranked if row["momentum_percentile"] is None]
    assert not any(math.isnan(row["activation_momentum_percentile"] or 0.0) for row in ranked)
    assert len(young) == len([row for row in ranked if row["residual_momentum_percentile"] is None])
