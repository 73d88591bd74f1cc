"""`grade_candidates`: the golden answers, a naive transcription of the rules, and the standard profile."""

import math

import numpy as np
import pyarrow as pa
import pytest

from btassets.engine.conventions import HOLD_DAYS
from btassets.engine.replay.candidate_columns import DROPS
from btassets.errors import CandidateTableError, NoBarsError
from btassets.studies.grade.grade import grade_candidates
from btassets_tests.reference import naive_grading, naive_stats
from btassets_tests.reference.awkward_setups import make_market, make_setups
from btassets_tests.reference.naive_engine import Bar
from btassets_tests.support.grade_cases import (
    CASES,
    EPOCH,
    bars_of,
    benchmark_of,
    golden_json,
    golden_market,
    profile_settings,
    read_table,
    setups_table,
)

OPEN_GATES = {
    "min_rr": 0.0,
    "min_confidence": 0.0,
    "exclude_neutral": False,
    "require_high_conviction": False,
    "exclude_conflicts": False,
    "min_momentum_percentile": 0.0,
}
GATES = {
    "percentile": OPEN_GATES | {"min_rr": 1.0, "min_momentum_percentile": 60.0},
    "open": OPEN_GATES,
    "strict": {
        "min_rr": 1.0,
        "min_confidence": 40.0,
        "exclude_neutral": True,
        "require_high_conviction": True,
        "exclude_conflicts": True,
        "min_momentum_percentile": 0.0,
    },
}
TOP_KEYS = ["schema_version", "profile", "scenario", "fill", "settings_hash"]


@pytest.fixture(scope="module")
def market():
    return golden_market()


@pytest.mark.parametrize("case", CASES)
def test_seed_profile_equals_every_golden_number_and_row(market, case):
    settings = profile_settings("legacy", golden_json(f"activation_{case}"))
    given, expected = read_table(f"candidates_{case}"), read_table(f"expected_{case}")
    result = grade_candidates(given, *market, settings)
    report = {name: value for name, value in result.report.items() if name not in TOP_KEYS}
    assert report == golden_json(f"report_{case}")
    assert list(result.report)[:5] == TOP_KEYS
    added = [name for name in expected.column_names if name not in given.column_names]
    assert result.rows.column_names == [*given.column_names, *added]
    for name in expected.column_names:
        assert result.rows[name].to_pylist() == expected[name].to_pylist(), name
    assert (result.dropped, result.warnings) == ({}, [])


def test_the_order_of_the_given_rows_changes_nothing(market):
    settings = profile_settings("legacy", golden_json("activation_default"))
    given = read_table("candidates_default")
    shuffled = given.take(np.random.default_rng(3).permutation(given.num_rows))
    one, other = (grade_candidates(table, *market, settings) for table in (given, shuffled))
    assert one.report == other.report
    assert one.rows.equals(other.rows)


def test_absent_momentum_columns_are_computed_from_the_bars(market):
    settings = profile_settings("legacy", golden_json("activation_default"))
    given = read_table("candidates_default")
    result = grade_candidates(given.drop_columns(["momentum", "residual_momentum"]), *market, settings)
    expected = read_table("expected_default")
    assert result.rows["momentum"].to_pylist() == expected["momentum"].to_pylist()
    found, wanted = (t["residual_momentum"].to_numpy() for t in (result.rows, expected))
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-12)
    report = {name: value for name, value in result.report.items() if name not in TOP_KEYS}
    assert report == golden_json("report_default")


def _grade(rows, bars, benchmark, settings):
    own = {ticker: bars_of(each) for ticker, each in bars.items()}
    return grade_candidates(setups_table(rows), own, benchmark_of(benchmark), settings)


@pytest.mark.parametrize(
    ("seed", "gates", "holds", "horizon"),
    [
        (1, "percentile", HOLD_DAYS, 30),
        (2, "open", HOLD_DAYS, 30),
        (3, "strict", HOLD_DAYS, 30),
        (4, "percentile", HOLD_DAYS, 30),
        (1, "percentile", (3, 7, 45, 90), 30),
        (2, "open", (3, 7, 45, 90), 60),
        (3, "strict", (4, 11), 12),
        (4, "open", (1, 120), 120),
    ],
)
def test_seed_profile_equals_the_naive_rules_on_awkward_setups(seed, gates, holds, horizon):
    bars, benchmark = make_market(seed)
    given = make_setups(seed, bars)
    exits = {"exits": {"hold_days": holds}, "engine": {"horizon_days": horizon}}
    result = _grade(given, bars, benchmark, profile_settings("legacy", GATES[gates], **exits))
    rows, numbers = naive_stats.seed_report(given, bars, benchmark, GATES[gates], holds, horizon)
    assert result.rows.num_rows + sum(result.dropped.values()) == len(given)
    assert set(result.dropped) == {"no_bars", "no_bar_at_date", "no_forward_bars"}
    columns = {"momentum_percentile": "raw", "residual_momentum_percentile": "residual"}
    columns |= {"activation_momentum_percentile": "activation"}
    same = ("ticker", "entry", "stop", "outcome", "realized_r", "hold_days", "stop_day", "risk_pct")
    columns |= {name: name for name in (*same, "meets_core", "qualified")}
    for name, naive_name in columns.items():
        assert result.rows[name].to_pylist() == [row[naive_name] for row in rows], name
    for n in holds:
        assert result.rows[f"time_r_{n}"].to_pylist() == [row["time_r"][n] for row in rows], n
    found = dict(result.report)
    found["portfolio_sim"] = found["portfolio_sim"]["policies"]
    found["strategy_variants"] = found["strategy_variants"]["variants"]
    for name, value in numbers.items():
        assert found[name] == value, name


@pytest.fixture(scope="module")
def standard():
    """A generated market long enough to rank, its setups, and what the standard profile makes of them."""
    return standard_case(HOLD_DAYS, 30)


def standard_case(holds, horizon):
    bars, benchmark = make_market(5, n_tickers=22, n_days=420)
    rows = make_setups(5, bars)
    exits = {"exits": {"hold_days": holds}, "engine": {"horizon_days": horizon}}
    return (
        rows,
        bars,
        benchmark,
        _grade(rows, bars, benchmark, profile_settings("standard", GATES["percentile"], **exits)),
    )


def test_honest_rows_take_the_percentile_of_the_last_week_end(standard):
    _, bars, benchmark, result = standard
    ranks = naive_stats.ticker_percentiles(bars, benchmark)
    columns = ("momentum_percentile", "residual_momentum_percentile", "activation_momentum_percentile")
    n_ranked = 0
    for row in result.rows.to_pylist():
        weeks = [day for day in ranks if day <= row["date"]]
        has_bar = row["ticker"] in bars and any(bar[0] == row["date"] for bar in bars[row["ticker"]])
        wanted = ranks[max(weeks)].get(row["ticker"]) if weeks and has_bar else None
        found = [row[name] for name in columns]
        if wanted is None:
            assert found == [None] * 3
        else:
            assert found == pytest.approx(wanted, abs=1e-9)
            n_ranked += 1
    assert n_ranked > 100


@pytest.mark.parametrize(("holds", "horizon"), [(HOLD_DAYS, 30), ((3, 7, 45, 90), 30), ((3, 7, 45, 90), 60)])
def test_honest_results_are_those_of_the_next_open_marked_to_market(standard, holds, horizon):
    rows, bars, _, result = standard if (holds, horizon) == (HOLD_DAYS, 30) else standard_case(holds, horizon)
    sessions = [(day - EPOCH).days for day in sorted({bar[0] for own in bars.values() for bar in own})]
    own = {t: [Bar((b[0] - EPOCH).days, *b[1:], 1e6) for b in each] for t, each in bars.items()}
    reasons = set()
    for given, row in zip(naive_stats.tie_order(rows), result.rows.to_pylist(), strict=True):
        day = (given["date"] - EPOCH).days
        at = next((k for k, bar in enumerate(own.get(given["ticker"], [])) if bar.date == day), None)
        if at is None or given["entry"] == given["stop"]:
            assert row["outcome"] is None
            reasons.add(row["drop_reason"])
            continue
        bars_of_it = own[given["ticker"]]
        levels = [given[name] for name in ("direction", "entry", "stop", "target", "rr")]
        is_ended = sessions[-1] - bars_of_it[-1].date > 10
        exits = {"holds": holds, "horizon": horizon}
        wanted = naive_grading.grade(bars_of_it, at, *levels, sessions, {}, is_ended=is_ended, **exits)
        assert row["outcome"] == wanted.get("outcome_open")
        assert row["realized_r"] == wanted.get("r_mtm_open")
        if row["outcome"] is None:
            assert row["drop_reason"] == (wanted["drop_open"] or "no_forward_bars")
            reasons.add(row["drop_reason"])
        else:
            names = ["hold_days", "stop_day", "risk_pct", "exit_reason", *(f"time_r_{n}" for n in holds)]
            assert [row[name] for name in names] == [wanted.get(f"{name}_open") for name in names]
            assert row["net_r"] == row["realized_r"] - 2 * 0.001 / row["risk_pct"]
    assert reasons == {"no_bars", "no_bar_at_date", "no_forward_bars", "no_risk", *DROPS}


def test_honest_report_adds_keys_and_renames_none(standard):
    rows, bars, benchmark, result = standard
    seed = _grade(rows, bars, benchmark, profile_settings("legacy", GATES["percentile"])).report
    assert set(seed) < set(result.report)
    for name in ("overall_all", "params"):
        assert set(seed[name]) == set(result.report[name])
    assert result.report["graded"] == result.report["overall_all"]["total"]
    no_bar = result.dropped["no_bars"] + result.dropped["no_bar_at_date"]
    assert result.report["candidates"] == len(rows) - no_bar
    assert sum(result.dropped.values()) == len(rows) - result.report["graded"]
    assert [row["policy"] for row in result.report["portfolio_sim"]["policies"]] == ["target", "hold"]
    assert result.report["fill"] == "open"
    assert any(text.startswith("thin_universe") for text in result.warnings)


def test_an_absent_floor_column_passes_with_a_warning_that_names_it(market):
    settings = profile_settings("legacy", golden_json("activation_tight"))
    given = read_table("candidates_tight").drop_columns(["confidence", "action", "risk_level", "meets_core"])
    result = grade_candidates(given, *market, settings)
    for name in ("confidence", "action", "risk_level"):
        assert any(f"no column {name}:" in text for text in result.warnings), name
    assert result.rows["meets_core"].to_pylist() == [rr >= 1.0 for rr in given["rr"].to_pylist()]
    assert result.report["activation"] == golden_json("activation_tight")


def test_an_absent_rr_is_computed(market):
    settings = profile_settings("legacy", golden_json("activation_default"))
    given = read_table("candidates_default")
    rows = grade_candidates(given.drop_columns(["rr"]), *market, settings).rows
    entry, stop, target = (rows[name].to_numpy() for name in ("entry", "stop", "target"))
    assert rows["rr"].to_pylist() == (np.abs(target - entry) / np.abs(entry - stop)).tolist()
    hit = rows.filter(rows["target_hit"])
    assert hit["realized_r"].to_pylist() == hit["rr"].to_pylist()


def test_a_different_meets_core_is_reported_and_not_believed(market):
    settings = profile_settings("legacy", golden_json("activation_default"))
    given = read_table("candidates_default")
    wrong = given.set_column(given.column_names.index("meets_core"), "meets_core", pa.array([True] * given.num_rows))
    result = grade_candidates(wrong, *market, settings)
    assert any("meets_core" in text for text in result.warnings)
    assert result.rows["meets_core"].to_pylist() == read_table("expected_default")["meets_core"].to_pylist()


def test_asof_date_keeps_its_name_and_nan_is_missing(market):
    settings = profile_settings("legacy", golden_json("activation_default"))
    given = read_table("candidates_default")
    names = ["asof_date" if name == "date" else name for name in given.column_names]
    as_nan = given.rename_columns(names)
    momentum = pa.array([math.nan if v is None else v for v in given["momentum"].to_pylist()])
    as_nan = as_nan.set_column(names.index("momentum"), "momentum", momentum)
    result = grade_candidates(as_nan, *market, settings)
    assert "asof_date" in result.rows.column_names
    assert result.rows["momentum"].null_count == given["momentum"].null_count
    report = {name: value for name, value in result.report.items() if name not in TOP_KEYS}
    assert report == golden_json("report_default")


@pytest.mark.parametrize("profile", ["legacy", "standard"])
def test_rows_that_cannot_be_graded_at_all_give_an_empty_report(market, profile):
    given = read_table("candidates_default").slice(0, 5)
    gone = given.set_column(0, "ticker", pa.array(["GONE"] * 5))
    result = grade_candidates(gone, *market, profile_settings(profile))
    assert result.dropped == {"no_bars": 5}
    assert result.report["overall_all"]["total"] == 0
    assert result.report["overall_all"]["avg_r"] is None
    assert result.rows.num_rows == (0 if profile == "legacy" else 5)


def test_without_a_benchmark_the_raw_rank_serves(market):
    bars, _ = market
    result = grade_candidates(read_table("candidates_default"), bars, None, profile_settings("standard"))
    rows = result.rows.filter(result.rows["momentum_percentile"].is_valid())
    assert rows.num_rows > 0
    assert rows["activation_momentum_percentile"].equals(rows["momentum_percentile"])
    assert rows["residual_momentum"].null_count == rows.num_rows
    assert any("no benchmark" in text for text in result.warnings)


def test_what_cannot_be_a_candidate_table_is_refused(market):
    given = read_table("candidates_default")
    settings = profile_settings("legacy")
    no_stop = given.set_column(3, "stop", pa.array([None, *given["stop"].to_pylist()[1:]], pa.float64()))
    for table, text in (
        (given.drop_columns(["stop", "entry"]), "no column entry, stop"),
        (no_stop, "stop is missing in 1 row, first in row 1"),
        (given.set_column(2, "entry", pa.array(["x"] * given.num_rows)), "column entry"),
        (given.slice(0, 0), "no rows"),
    ):
        with pytest.raises(CandidateTableError, match=text):
            grade_candidates(table, *market, settings)
    with pytest.raises(NoBarsError):
        grade_candidates(given, {}, None, settings)
