"""Why something is stale: each part of the inputs is named when it changes, and only then."""

import json
from pathlib import Path

import pytest

from btassets.book.book import open_book
from btassets.graph.flow import STAGES
from btassets.plan import explain, make_plan
from btassets.run import stage_code
from btassets.run.reasons import Reason, differences, reasons_of
from btassets_tests.support.book_factory import call

ROOT = Path(__file__).parents[2]


def why(folder: Path, scenario: str = "base") -> dict[str, list[str]]:
    """Reasons by stage, as words."""
    opened = open_book(folder, scenario=scenario, environ={})
    return {stale.name: [reason.text for reason in stale.reasons] for stale in explain(opened)}


def change(folder: Path, old: str, new: str) -> None:
    file = folder / "btassets.toml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_a_finished_book_has_no_reasons(book: Path) -> None:
    opened = open_book(book, environ={})
    assert why(book) == {}
    assert all(reasons_of(name, opened) == [] for name in STAGES)


def test_a_setting_is_named_with_both_values(book: Path) -> None:
    change(book, "# min_rr = 1.5", "min_rr = 2.0")
    found = why(book)
    assert found["graded_setups"] == ["setting gates.min_rr: 1.5 -> 2.0"]
    assert found["setup_stats"] == ["graded_setups will be computed first", "setup_group_stats will be computed first"]
    assert set(found) == set(make_plan(open_book(book, environ={})).stages)


def test_a_lost_and_a_damaged_table_are_told_apart(book: Path) -> None:
    (book / "data" / "gate_sweep" / "base.parquet").unlink()
    damaged = book / "data" / "factor_ic" / "base.parquet"
    damaged.write_bytes(damaged.read_bytes()[:100])
    found = why(book)
    assert found["gate_sweep"] == ["table gate_sweep was never computed, or its file is gone"]
    assert found["factor_ic"] == ["the file of table factor_ic cannot be read"]


def test_what_is_written_beside_tables_is_missed(book: Path) -> None:
    for page in (book / "reports").rglob("report.json"):
        page.unlink()
    assert why(book) == {"backtest_report": ["files of the report: report.json, report.md, report.html: not there"]}


def test_an_edited_source_is_named(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edited = ROOT / "btassets/engine/statistics/calibration.py"
    real = Path.read_bytes
    caches = (stage_code._read, stage_code._followed, stage_code.code_of, stage_code.code_version_of)
    for function in caches:
        function.cache_clear()
    monkeypatch.setattr(Path, "read_bytes", lambda self: real(self) + (b"#" if self == edited else b""))
    try:
        found = why(book)
    finally:
        monkeypatch.undo()
        for function in caches:
            function.cache_clear()
    assert found["stat_calibration"] == ["source btassets/engine/statistics/calibration.py was edited"]


def test_new_bars_are_counted_with_their_tickers(book: Path, market_folder: Path) -> None:
    bars = sorted((market_folder / "bars").glob("*.parquet"))
    opened = open_book(book, environ={})
    known = opened.lake.ticker_footers("ohlcv_history")
    assert len(bars) == len(known)
    change(book, "# min_rr = 1.5", "min_rr = 2.0")
    assert "ohlcv_history" not in why(book)


def test_rows_of_another_table_are_named() -> None:
    before = {"reads": {"trades": "a"}, "settings": {}, "outside": {"membership": None}, "code": {"x.py": "1"}}
    now = {
        "reads": {"trades": "b"},
        "settings": {"basis": "raw"},
        "outside": {"membership": "m"},
        "code": {"y.py": "1"},
    }
    found = [reason.text for reason in differences(before, now)]
    assert found == [
        'setting basis: unset -> "raw"',
        "table trades has other rows than when this was computed",
        "input membership changed (dated universe membership from the file of `universe.membership`; None without one)",
        "source x.py is gone",
        "source y.py changed behind it",
    ]


def test_lists_are_compared_as_json_gives_them_back() -> None:
    assert differences({"settings": {"exits.hold_days": [5, 10]}}, {"settings": {"exits.hold_days": (5, 10)}}) == []


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (Reason("table", "trades", "a", "missing"), "its input table trades is missing"),
        (Reason("tickers", "the source changed", n=1, now="AAA"), "1 ticker: the source changed (first: AAA)"),
        (Reason("setting", "method.fill", True, None), "setting method.fill: true -> unset"),
        (
            Reason("list", "ohlcv_history"),
            "the source lists other tickers than at the last reading, or reports something else about them",
        ),
        (Reason("unknown", "x"), "computed by a version that did not record its inputs"),
        (Reason("columns", "x"), "its declared columns changed"),
    ],
)
def test_words(reason: Reason, text: str) -> None:
    assert reason.text == text


def test_the_command_prints_the_plan(book: Path) -> None:
    assert "nothing to do" in call("plan", "--book", book).out
    change(book, "# max_positions = 10", "max_positions = 5")
    plain = call("plan", "--book", book)
    assert plain.code == 0
    assert "portfolio_sims" in plain.out
    assert "max_positions" not in plain.out
    told = call("plan", "--book", book, "--why")
    assert "setting portfolio.max_positions: 10 -> 5" in told.out
    as_json = json.loads(call("plan", "--book", book, "--format", "json").out)
    stages = {stale["stage"]: stale["reasons"] for stale in as_json["stale"]}
    assert as_json["scenario"] == "base"
    assert {"kind": "setting", "name": "portfolio.max_positions", "before": 10, "now": 5}.items() <= stages[
        "portfolio_sims"
    ][0].items()
    assert "graded_setups" not in stages


def test_a_ticker_that_left_the_source_is_a_reason(own_book: Path, own_market: Path) -> None:
    sorted((own_market / "bars").iterdir())[-1].unlink()
    opened = open_book(own_book, environ={})
    assert make_plan(opened).stages[:1] == ["ohlcv_history"]
    told = call("plan", "--book", own_book, "--why").out
    assert "nothing to do" not in told
    assert "the source lists other tickers than at the last reading" in told


def test_a_scenario_has_a_plan_of_its_own(book: Path) -> None:
    with (book / "btassets.toml").open("a") as file:
        file.write("\n[scenario.strict.gates]\nmin_rr = 3.0\n")
    found = why(book, "strict")
    assert found["graded_setups"][0] == "table graded_setups was never computed, or its file is gone"
    assert "sessions" not in found
    assert "candidates" not in found
