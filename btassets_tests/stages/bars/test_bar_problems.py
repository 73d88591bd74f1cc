"""Table of findings: of the readings, of the newest bars, of days and of the source as a whole."""

import numpy as np
import pyarrow as pa
import pytest

from btassets.engine.market.quality_rules import DroppedRows
from btassets.graph.bars import BAR_PROBLEMS
from btassets.settings.models import Settings
from btassets.stages.bars.bar_problems import compute
from btassets.stages.bars.quarantine import Quarantined, write_quarantine
from btassets_tests.support.stored_tables import StoredTables, raw_bars

DAYS = np.arange(18_000, 18_300)
SETTINGS = Settings.model_validate(
    {
        "calendar": "data",
        "source": {"kind": "files", "path": "x", "basis": "raw"},
        "quality": {
            "overrides": [
                {"ticker": "A", "rule": "Q7", "reason": "seen"},
                {"ticker": "A", "rule": "Q8", "reason": "never met"},
            ]
        },
    }
)


def series(seed, n=300):
    rng = np.random.default_rng(seed)
    close = 50 * np.exp(np.cumsum(rng.normal(0, 0.01, n)))
    return raw_bars(DAYS[:n], close, high=close * 1.01, low=close * 0.99)


@pytest.fixture
def tables(tmp_path):
    made = StoredTables(tmp_path)
    quiet = series(2)
    quiet.volume[-40:-20] = 0.0
    facts = {
        "A": {"problems": [["Q7", "warn", 18_010, 1, "A: jump. Overridden: seen"]]},
        "GONE": {"problems": [["Q1", "block", None, 1, "GONE: no file. [Q1]"]], "blocked": "GONE: no file. [Q1]"},
    }
    made.put_bars({"A": series(1), "B": quiet, "ENDED": series(3, 200)}, **facts)
    day = ["Q19", "block", 18_005, 1, "a day"]
    other = ["Q20", "warn", 18_007, 3, "quiet days"]
    made.put_sessions(DAYS, problems=[day, other], blocked_days=[18_005])
    dropped = DroppedRows("Q4", raw_bars([18_003, 18_004], np.nan))
    stored = made.bucketed("quarantine")
    (bucket,) = stored.by_bucket(["B"])
    write_quarantine(stored, bucket, {"B": Quarantined(None, [dropped])})
    return made


def test_every_finding_is_a_row_with_its_ticker(tables):
    table = compute(tables, SETTINGS).tables["bar_problems"]
    assert table.schema.equals(BAR_PROBLEMS.schema)
    rows = {(r["ticker"], r["rule"], r["severity"]): r for r in table.to_pylist()}
    assert ("", "Q19", "block") in rows
    assert ("", "Q20", "warn") in rows
    assert rows["A", "Q7", "warn"]["date"].isoformat() == "2019-04-24"
    assert rows["GONE", "Q1", "block"]["date"] is None
    assert rows["ENDED", "Q16", "warn"]["n"] == 1
    assert rows["B", "Q13", "warn"]["n"] == 20
    assert not [key for key in rows if key[0] == "A" and key[1] != "Q7"]


def test_facts_and_numbers_count_them(tables):
    result = compute(tables, SETTINGS)
    facts, numbers = result.facts, result.numbers
    assert facts["blocked"] == ["GONE"]
    assert facts["overridden"] == [("A", "Q7")]
    assert facts["unused"] == [("A", "Q8")]
    assert facts["quarantined"] == {"Q4": 2}
    assert facts["days"] == {"block": 1, "warn": 3}  # a row per blocked day, one row for all warnings
    assert (numbers["tickers_blocked"], numbers["rows_quarantined"], numbers["days_blocked"]) == (1, 2, 1)
    assert (numbers["overrides"], numbers["overrides_unused"]) == (2, 1)
    assert numbers["findings_Q13"] == 1
    by_severity = sum(numbers[f"findings_{name}"] for name in ("block", "quarantine", "warn", "info"))
    assert by_severity == result.tables["bar_problems"].num_rows
    assert result.tables["bar_quarantine"]["date"].cast(pa.int32()).to_pylist() == [18_003, 18_004]
    assert result.tables["bar_revisions"].num_rows == 0


def test_tickers_outside_of_the_universe_have_no_row(tables):
    settings = SETTINGS.model_copy(update={"universe": SETTINGS.universe.model_copy(update={"tickers": ("A",)})})
    result = compute(tables, settings)
    assert set(result.tables["bar_problems"]["ticker"].to_pylist()) <= {"", "A"}
    assert result.facts["quarantined"] == {}


def test_two_tickers_with_the_same_series_are_noticed(tmp_path):
    twins = StoredTables(tmp_path).put_bars({"A": series(1), "B": series(1), "C": series(5)}).put_sessions(DAYS)
    rows = compute(twins, SETTINGS).tables["bar_problems"].to_pylist()
    about = [row for row in rows if row["rule"] not in ("Q16", "Q22")]
    assert about
    assert all("A" in row["text"] and "B" in row["text"] for row in about)
