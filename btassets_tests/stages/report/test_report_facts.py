"""Facts of the report: universe, findings, warnings, texts without paths."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from btassets.engine.days import iso_day
from btassets.engine.floors import BUILT_IN_RANKING
from btassets.settings.models import Exits, Gates, Settings
from btassets.stages.report import report_facts


def _footers(**last: int) -> Any:
    rows = {
        ticker: {"n_rows": 300, "last": day, "blocked": None, "problems": [], "dropped": {}, "failed": None}
        for ticker, day in last.items()
    }
    settings = Settings(source={"kind": "files", "path": "/data/some one/bars"})
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
    rows["CCC"]["blocked"] = "/data/some one/bars/CCC.csv: 9 rows have no price; too many [Q4]"
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
    settings = settings.model_copy(update={"gates": Gates(ranking=changes.pop("ranked_by", BUILT_IN_RANKING))})
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
    assert _warned(ranked_by="vol_6m") == ["ranked_by_signal", "survivorship"]


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


@pytest.mark.parametrize(
    ("exits", "words"),
    [
        ({}, []),
        ({"trail_atr": 2.5}, ["The stop trails the best price by 2.5 ATR of the signal's day."]),
        (
            {"breakeven_r": 1.0, "part_frac": 0.5},
            [
                "The stop moves to the signal's close after a gain of 1R.",
                "50% of a position is sold at the target, the rest later.",
            ],
        ),
    ],
)
def test_the_assumptions_name_the_exit_policies_in_force(exits, words):
    plain = report_facts.assumptions(Settings(), None)
    found = report_facts.assumptions(Settings(exits=Exits(**exits)), None)
    assert [text for text in found if text not in plain] == words
    assert [text for text in plain if text not in found] == []
