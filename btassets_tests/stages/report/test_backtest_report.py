"""The report's files, its document's own numbers, and what a failed run leaves."""

import importlib
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from btassets.book.book import Book
from btassets.book.report_folders import LATEST, folder_name, point_latest, sweep_reports, write_report
from btassets.engine.days import iso_day
from btassets.graph.flow import STAGES
from btassets.run.run_stage import compute, write_beside
from btassets.run.stage_result import StageResult
from btassets.run.tables import inputs_of
from btassets.settings.models import Settings
from btassets.stages.report import backtest_report, report_curves, report_facts
from btassets.stages.report.report_curves import Curve
from btassets_tests.support.small_books import document_of, every_book, folder_of, run_book, scenario_book

NAMES = ("base", "legacy", "nothing", "everything", "one ticker, no benchmark", "nobody is ranked")
FILES = ("report.json", "report.html", "report.md")


def _bytes(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES}


def _written(book: Book) -> StageResult:
    """Compute the report again and let the runner write its files."""
    stage = STAGES["backtest_report"]
    result = compute(stage, book)
    write_beside(stage, book, result)
    return result


@pytest.mark.parametrize("name", NAMES)
def test_equal_inputs_give_equal_bytes(name: str) -> None:
    book = every_book()[name]
    before = _bytes(folder_of(book))
    result = _written(book)
    assert _bytes(folder_of(book)) == before
    row = result.tables["backtest_report"].to_pylist()[0]
    assert row["folder"] == f"reports/{folder_of(book).name}"
    assert row["headline"] == document_of(book)["headline"]["text"]
    folder = folder_of(book)
    found = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert found == {*FILES, *document_of(book)["ticker_pages"].values()}


def test_latest_shows_base_and_moves_with_the_book() -> None:
    base, other = run_book(), scenario_book("legacy")
    latest = base.reports / LATEST
    assert latest.is_symlink()
    assert not latest.readlink().is_absolute()
    _written(other)
    assert latest.resolve() == folder_of(base).resolve()
    assert folder_of(other) != folder_of(base)


def test_a_failed_run_leaves_the_last_report(monkeypatch: pytest.MonkeyPatch) -> None:
    book = run_book()
    before = _bytes(book.reports / LATEST)

    def fail(_: Any) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(backtest_report, "page", fail)
    with pytest.raises(ZeroDivisionError):
        backtest_report.compute(*inputs_of("backtest_report", book))
    assert _bytes(book.reports / LATEST) == before
    assert not list(book.reports.rglob(".tmp-*"))


def test_where_links_are_refused_latest_is_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    for text in ("one", "two"):
        name = folder_name("2021-04-21", "base", "0123456789ab" if text == "one" else "ba9876543210")
        write_report(tmp_path, name, {"report.json": text})
        point_latest(tmp_path, name)
        assert not (tmp_path / LATEST).is_symlink()
        assert (tmp_path / LATEST / "report.json").read_text(encoding="utf-8") == text


def test_only_the_newest_reports_stay(tmp_path: Path) -> None:
    names = [folder_name(f"2021-04-{day:02d}", "base", "0123456789ab") for day in range(1, 7)]
    for age, name in enumerate(names):
        write_report(tmp_path, name, {"report.json": name})
        os.utime(tmp_path / name, (1_000 + age, 1_000 + age))
    (tmp_path / "mine").mkdir()
    point_latest(tmp_path, names[0])
    assert set(sweep_reports(tmp_path, 2)) == set(names[1:4])
    assert {p.name for p in tmp_path.iterdir()} == {names[0], *names[4:], "mine", LATEST}


@pytest.mark.parametrize("name", NAMES)
def test_curves_agree_with_the_books(name: str) -> None:
    document = document_of(every_book()[name])
    curves, policies = document["equity_curves"], document["portfolio_sim"]["policies"]
    for row in policies:
        if row["total_return_pct"] is None:
            continue
        policy = row["policy"]
        assert document["yearly_returns"][policy] == row["yearly_returns"]
        equity = [v for v in curves["series"][policy]["equity"] if v is not None]
        assert equity[-1] == row["final_equity"]
        assert max(curves["series"][policy]["drawdown_pct"], key=lambda v: v or 0) == pytest.approx(
            row["max_drawdown_pct"], abs=0.06
        )
        assert document["drawdown_stretches"][policy][0]["depth_pct"] == row["max_drawdown_pct"]
        traded = document["trades"][policy]
        assert traded["n"] == row["trades"] == sum(part["n"] for part in traded["net_r_histogram"])
        assert traded["n"] == sum(part["n"] for part in traded["exit_reasons"])
        best, worst = traded["best"], traded["worst"]
        assert [t["net_r"] for t in best] == sorted((t["net_r"] for t in best), reverse=True)
        assert all(b["net_r"] >= w["net_r"] for b in best for w in worst)


def test_comparisons_follow_the_conventions_of_a_book() -> None:
    """The numbers of a reference curve, computed on a book's own curve, give the book's row."""
    book = run_book()
    found = report_curves.read_curves(book.lake.read("equity_curves"))
    document = document_of(book)
    for row in document["portfolio_sim"]["policies"]:
        numbers = report_curves.curve_numbers(found[row["policy"]])
        assert numbers == {key: row[key] for key in numbers}
    benchmark = next(row for row in document["comparisons"] if row["curve"] == "benchmark")
    assert benchmark["total_return_pct"] == document["portfolio_sim"]["policies"][0]["spy_return_pct"]
    held = next(row for row in document["comparisons"] if row["curve"] == "equal_weight_hold")
    assert held["total_return_pct"] == document["equal_weight"]["hold_return_pct"]


def _curve(*equity: float, first: str = "2020-01-30") -> Curve:
    start = np.datetime64(first, "D").astype(np.int32)
    return Curve(np.arange(start, start + len(equity), dtype=np.int32), np.array(equity))


def test_stretches_and_months_by_hand() -> None:
    curve = _curve(100.0, 90.0, 95.0, 110.0, 99.0, 104.5)
    assert report_curves.drawdown_stretches(curve) == [
        {
            "peak_date": "2020-01-30",
            "trough_date": "2020-01-31",
            "recovered_date": "2020-02-02",
            "depth_pct": 10.0,
            "n_sessions": 3,
        },
        {
            "peak_date": "2020-02-02",
            "trough_date": "2020-02-03",
            "recovered_date": None,
            "depth_pct": 10.0,
            "n_sessions": 2,
        },
    ]
    assert report_curves.returns_by(curve, "M") == [
        {"year": 2020, "month": 1, "return_pct": -10.0},
        {"year": 2020, "month": 2, "return_pct": 16.1},
    ]
    assert report_curves.returns_by(curve, "Y") == [{"year": 2020, "return_pct": 4.5}]


def test_curves_of_one_point_and_of_nothing() -> None:
    one = _curve(100.0)
    assert report_curves.curve_numbers(one) == {
        "total_return_pct": 0.0,
        "cagr_pct": None,
        "max_drawdown_pct": 0.0,
        "sharpe": None,
    }
    assert report_curves.drawdown_stretches(one) == []
    assert report_curves.curves_document({}) == {"dates": [], "series": {}}
    ruined = report_curves.curve_numbers(_curve(100.0, 0.0, 0.0, 0.0))
    assert ruined["total_return_pct"] == -100.0
    assert ruined["sharpe"] is None


def test_curves_share_one_axis() -> None:
    document = report_curves.curves_document({"hold": _curve(1.0, 2.0), "target": _curve(5.0, first="2020-01-31")})
    assert document["dates"] == ["2020-01-30", "2020-01-31"]
    assert document["series"]["target"]["equity"] == [None, 5.0]


# ---- facts of the book ------------------------------------------------------------------------


def _footers(**last: int) -> Any:
    rows = {
        ticker: {"n_rows": 300, "last": day, "blocked": None, "problems": [], "dropped": {}, "failed": None}
        for ticker, day in last.items()
    }
    settings = Settings(source={"kind": "files", "path": "/home/some one/bars"})
    return _tables(rows, Path("/srv/my book")), settings, rows


def _tables(rows: Any = None, folder: Path = Path()) -> Any:
    """What a report reads of a book without dated membership: the footers of every table in buckets."""
    return SimpleNamespace(
        bucketed=lambda _name: SimpleNamespace(footers=lambda: rows or {}),
        outside=lambda _name: None,
        context=SimpleNamespace(folder=folder),
    )


def test_universe_names_who_lacks_the_newest_session() -> None:
    tables, settings, rows = _footers(AAA=1001, BBB=1000, CCC=1000, OLD=900)
    rows["CCC"]["blocked"] = "/home/some one/bars/CCC.csv: 9 rows have no price; too many [Q4]"
    found = report_facts.universe(tables, settings, 1000, 3)
    assert found["newest_session"] == iso_day(1001)
    assert found["behind"] == ["BBB", "CCC"]
    assert (found["tickers"], found["current"], found["ended"], found["at_as_of"]) == (4, 3, 1, 3)
    assert found["blocked"] == [{"ticker": "CCC", "reason": "CCC.csv: 9 rows have no price; too many [Q4]"}]
    assert found["survivorship"].startswith("all tickers of the source with 1 ended")
    listed = Settings(universe={"tickers": ["AAA"]})
    assert (
        report_facts.survivorship(tables, listed, 0, ["AAA"])
        == "static list: survivors only, the bars of every ticker reach the last session"
    )


def test_quality_counts_by_rule_with_the_first_case() -> None:
    tables, settings, _ = _footers(AAA=1000, BBB=1000)

    def row(ticker: str, rule: str, severity: str, day: int | None, n: int, text: str) -> dict[str, Any]:
        date = None if day is None else np.datetime64(day, "D").item()
        return {"ticker": ticker, "rule": rule, "severity": severity, "date": date, "n": n, "text": text}

    found = report_facts.findings_by_rule(
        tables,
        settings,
        [
            row("", "Q19", "warn", 980, 4, "4 days"),
            row("AAA", "Q7", "warn", 990, 3, "AAA: jump in /srv/my book/x.csv"),
            row("BBB", "Q7", "warn", None, 1, "BBB: jump"),
            row("BBB", "Q4", "block", None, 9, "b"),
        ],
    )
    assert [(r["rule"], r["n_cases"], r["n_tickers"]) for r in found] == [("Q4", 9, 1), ("Q7", 4, 2), ("Q19", 4, 0)]
    first = {"ticker": "AAA", "date": iso_day(990), "text": "AAA: jump in x.csv"}
    assert found[1]["first"] == first


def _warned(**changes: Any) -> list[str]:
    settings = (
        Settings(benchmark="SPY", source={"kind": "files", "path": "bars"})
        if changes.pop("with_benchmark", True)
        else Settings(source={"kind": "files", "path": "bars"})
    )
    last, today = changes.pop("last", 1000), changes.pop("today", 1003)
    report = {
        "universe": {
            "behind": [],
            "current": 501,
            "newest_session": "1972-09-28",
            "blocked": [],
            "failed": [],
            "survivorship": "static list: survivors only, the bars of every ticker reach the last session",
        },
        "overall_qualified": {"total": 500, "net_avg_r": 0.1, "net_avg_r_ex_top5": 0.02},
        "data_quality": {"benchmark": []},
    }
    for key, value in changes.items():
        part, _, name = key.partition("__")
        report[part][name] = value
    day = np.datetime64(today, "D")
    found = report_facts.warnings(_tables(), settings, report, last=last, today=day, n_thin=0, n_weeks=200)
    return [words.partition(": ")[0] for words in found]


def test_warnings_by_cause() -> None:
    assert _warned() == ["survivorship"]
    assert _warned(today=1030)[0] == "stale_bars"
    assert _warned(universe__behind=["A"] * 464) == ["tickers_behind", "survivorship"]
    assert _warned(universe__blocked=[{"ticker": "A", "reason": "x"}])[0] == "tickers_blocked"
    assert _warned(universe__failed=[{"ticker": "A", "reason": "x"}])[0] == "tickers_failed"
    assert _warned(overall_qualified__total=99)[0] == "small_sample"
    assert _warned(overall_qualified__net_avg_r_ex_top5=-0.01)[0] == "outlier_dependent"
    assert _warned(data_quality__benchmark=["SPY lacks 3 sessions"])[0] == "benchmark_gaps"
    assert _warned(data_quality__days_blocked=["2011-02-17"])[0] == "days_blocked"
    given = {"ticker": "AAA", "rule": "Q9", "reason": "vendor's fault", "is_used": True}
    assert _warned(data_quality__overrides=[given])[0] == "overrides"
    assert _warned(with_benchmark=False)[0] == "no_benchmark"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/srv/bars/SPY.csv: no price", "SPY.csv: no price"),
        ("see (/srv/bars/SPY.csv) now", "see (SPY.csv) now"),
        (r"C:\data\SPY.csv: no price", "SPY.csv: no price"),
        ("~/bars/SPY.csv", "SPY.csv"),
        ("close/open 1/2 of 3", "close/open 1/2 of 3"),
        ("a ratio of 0.5 / 2", "a ratio of 0.5 / 2"),
    ],
)
def test_paths_are_cut_down(text: str, shown: str) -> None:
    assert report_facts.without_paths(text) == shown


def test_settings_show_no_path() -> None:
    settings = Settings(benchmark="/srv/x/SPY.parquet", source={"kind": "files", "path": "/srv/x/bars"})
    shown = report_facts.shown_settings(settings)
    assert shown["benchmark"] == "SPY.parquet"
    assert shown["source.path"] == "bars"
    assert report_facts.benchmark_name(settings) == "SPY"
    assert report_facts.benchmark_name(Settings(benchmark="BRK.B")) == "BRK.B"
    assert report_facts.benchmark_name(Settings()) is None


def test_drops_and_deltas_add_up() -> None:
    document = document_of(run_book())
    graded = run_book().lake.read("graded_setups")
    assert sum(document["drops"]["all"].values()) == pa.compute.sum(pa.compute.invert(graded["is_graded"])).as_py()
    assert document["dropped"] == document["drops"]["all"]
    base = document["gate_ablation"][0]
    for row, delta in zip(document["gate_ablation"][1:], document["gate_ablation_deltas"], strict=True):
        assert delta["delta_total"] == row["total"] - base["total"]
        assert delta["delta_net_avg_r"] == round(row["net_avg_r"] - base["net_avg_r"], 3)


def test_the_report_needs_no_dagster() -> None:
    for name in ("report_page", "markdown", "todays_list", "ticker_page"):
        source = Path(importlib.import_module(f"btassets.render.{name}").__file__).read_text(encoding="utf-8")
        assert "dagster" not in source
        assert "btassets.stages" not in source.replace("`stages", "")
