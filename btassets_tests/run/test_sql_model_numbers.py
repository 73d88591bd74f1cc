"""The numbers of the SQL models: hand-computed cases, and the naive statistics.

Belongs here: what one model answers. Does not belong here: what holds for all (`test_sql_models.py`).
"""

import math
import statistics
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from btassets.engine.signals import SIGNAL_NAMES
from btassets.engine.statistics.ewc import estimate
from btassets.engine.statistics.influence import series_influence
from btassets.run.settings_relation import settings_relations
from btassets.run.sql_models import run_model, run_models
from btassets_tests.reference import naive_ic, naive_stats
from btassets_tests.support.grade_cases import profile_settings
from btassets_tests.support.random_tables import ENDED, random_candidates, random_weekly_ic, without_targets
from btassets_tests.support.sql_model_cases import GATES, PROFILES, every_model, relations_of, replaced, rows_where


@pytest.fixture(scope="module", params=PROFILES)
def case(request):
    """(profile, relations, every model's table)."""
    return request.param, *every_model(request.param)


def test_row_percentiles_equal_the_naive_ones():
    relations = relations_of("legacy")
    ranks = run_model("percentile_ranks", relations)
    rows = [row for row in relations["candidates"].to_pylist() if row["is_bar"] and row["n_forward"] >= 30]
    weeks = [row["asof_date"].isocalendar()[:2] for row in rows]
    raw, residual = (
        naive_ic.row_percentiles(weeks, [row[n] for row in rows]) for n in ("momentum", "residual_momentum")
    )
    found = sorted(rows_where(ranks, grid="bar"), key=lambda row: (row["ticker"].encode(), row["row_no"]))
    assert [row["momentum_percentile"] for row in found] == raw
    assert [row["residual_momentum_percentile"] for row in found] == residual
    assert [row["activation_momentum_percentile"] for row in found] == [
        r if s is None else s for r, s in zip(raw, residual, strict=True)
    ]
    assert len(rows_where(ranks, grid="latest")) == 2 * 24


def test_ticker_percentiles_equal_the_naive_ones():
    relations = relations_of("standard")
    ranks = run_model("percentile_ranks", relations)
    signals = [row for row in relations["factor_signals"].to_pylist() if row["eligible"]]
    weeks = [row["asof_date"] for row in signals]
    everyone = [True] * len(signals)
    raw = naive_ic.mean_rank_percentiles(weeks, [row["mom_12_1"] for row in signals], everyone)
    residual = naive_ic.mean_rank_percentiles(weeks, [row["mom_12_1_resid"] for row in signals], everyone)
    found = {(row["asof_date"], row["ticker"]): row for row in rows_where(ranks, grid="week")}
    assert len(found) == len(signals)
    used = set()
    for row, r, s in zip(signals, raw, residual, strict=True):
        members = [other for other in signals if other["asof_date"] == row["asof_date"]]
        n_residual = sum(1 for other in members if other["mom_12_1_resid"] is not None)
        is_residual = 2 * n_residual >= len(members)
        used.add(is_residual)
        rank = found[row["asof_date"], row["ticker"]]
        assert rank["momentum_percentile"] == pytest.approx(r, abs=1e-12)
        assert rank["residual_momentum_percentile"] == pytest.approx(s, abs=1e-12)
        assert rank["activation_momentum_percentile"] == pytest.approx(s if is_residual else r, abs=1e-12)
        assert rank["n_ranked"] == (n_residual if is_residual else len(members))
    assert used == {True, False}
    latest = rows_where(ranks, grid="latest")
    last = max(weeks)
    assert {row["ticker"]: row["momentum_percentile"] for row in latest} == {
        ticker: row["momentum_percentile"] for (day, ticker), row in found.items() if day == last
    }


def test_one_eligible_ticker_has_no_percentile_and_one_row_has_100():
    relations = relations_of("standard")
    signals = relations["factor_signals"]
    alone = {**relations, "factor_signals": signals.filter(signals["eligible"]).slice(0, 1)}
    (row,) = run_model("percentile_ranks", alone).to_pylist()
    assert (row["momentum_percentile"], row["activation_momentum_percentile"]) == (None, None)
    relations = relations_of("legacy")
    has_both = pc.and_(relations["candidates"]["momentum"].is_valid(), relations["candidates"]["is_bar"])
    alone = {**relations, "candidates": relations["candidates"].filter(has_both).slice(0, 1)}
    (row,) = run_model("percentile_ranks", alone).to_pylist()
    assert row["momentum_percentile"] == 100.0


def as_naive(row):
    return {
        **row,
        "realized_r": row["gross_r"],
        "time_r": {n: row[f"time_r_{n}"] for n in (5, 10, 21, 30)},
        "activation": row["activation_momentum_percentile"],
        "floors": {"rr": row["rr_ok"], "confidence": row["confidence_ok"], "neutral": row["neutral_ok"]}
        | {"optional": row["tighteners_ok"]},
    }


def unscaled(table, *without):
    """Rows of a model rounded like the naive ones."""
    digits = {"hit_rate": 1, "win_rate": 1, "avg_hold_days": 1, "net_r_per_day": 4}
    digits |= dict.fromkeys(("total_r", "net_total_r", "best_r", "worst_r", "profit_factor", "hold_total_r"), 2)
    digits |= dict.fromkeys(
        ("avg_r", "net_avg_r", "median_net_r", "net_avg_r_ex_top5", "hold_avg_r", "hold_net_avg_r"), 3
    )
    return [
        {k: round(v, digits[k]) if k in digits and v is not None else v for k, v in row.items() if k not in without}
        for row in table.to_pylist()
    ]


def test_statistics_equal_the_naive_ones(case):
    profile, _, tables = case
    rows = [as_naive(row) for row in tables["graded_setups"].to_pylist() if row["is_graded"]]
    qualified = [row for row in rows if row["qualified"]]
    assert len(qualified) > 20
    populations = {row.pop("population"): row for row in unscaled(tables["setup_stats"], "scenario", "n_rows")}
    assert populations["all"] == naive_stats.race_stats(rows)
    assert populations["qualified"] == naive_stats.race_stats(qualified)
    assert populations["short"] == naive_stats.race_stats([r for r in qualified if r["direction"] == "short"])
    assert populations["short"]["total"] == 0
    assert unscaled(tables["gate_sweep"], "scenario") == [
        {
            "min_momentum_percentile": cutoff,
            **naive_stats.race_stats([r for r in rows if r["meets_core"] and naive_stats.passes_momentum(r, cutoff)]),
        }
        for cutoff in naive_stats.CUTOFFS
    ]
    assert unscaled(tables["gate_ablation"], "scenario") == naive_stats.ablation(rows, 60.0)
    for row, n in zip(unscaled(tables["time_exit_sweep"], "scenario"), naive_stats.HOLDS, strict=True):
        wanted = naive_stats.hold_stats(qualified, n)
        if profile == "standard":
            last = [min(n, row["stop_day"] or n, row["n_forward"]) for row in qualified]
            mean = sum(last) / len(last)
            net = statistics.fmean(row["time_r"][n] - naive_stats.cost_of(row) for row in qualified)
            wanted |= {"avg_hold_days": round(mean, 1), "net_r_per_day": round(net / mean, 4)}
        assert row == wanted


def test_setups_without_a_target_pass_its_floors_and_win_by_their_result():
    relations = relations_of("standard")
    relations["candidates"] = without_targets(relations["candidates"], 0.4)
    tables = run_models(relations)
    graded = tables["graded_setups"].to_pylist()
    aimless = [row for row in graded if row["target"] is None]
    assert len(aimless) > 300
    assert {row["rr_ok"] for row in aimless} == {True}
    assert {row["rr_ok"] for row in graded if row["target"] is not None} == {True, False}
    rows = [as_naive(row) for row in graded if row["is_graded"]]
    qualified = [row for row in rows if row["qualified"]]
    populations = {row.pop("population"): row for row in unscaled(tables["setup_stats"], "scenario", "n_rows")}
    assert populations["all"] == naive_stats.race_stats(rows)
    assert populations["qualified"] == naive_stats.race_stats(qualified)
    only = naive_stats.race_stats([row for row in qualified if row["target"] is None])
    assert min(only["wins"], only["losses"]) > 0
    assert only["expired"] == 0
    assert unscaled(tables["gate_ablation"], "scenario") == naive_stats.ablation(rows, 60.0)
    assert [row["wins"] for row in tables["time_exit_sweep"].to_pylist()] == [
        naive_stats.hold_stats(qualified, n)["wins"] for n in naive_stats.HOLDS
    ]
    counted = sum(row["n"] for row in rows_where(tables["calibration"], direction="all"))
    assert counted == sum(row["outcome_at_close"] is not None and row["target"] is not None for row in graded)


@pytest.mark.parametrize("fill", ["open", "close"])
@pytest.mark.parametrize("expired", ["mark", "zero"])
def test_a_target_gapped_over_pays_what_its_own_switch_says(fill, expired):
    candidates = random_candidates()
    for name in ("r_mtm", "r_mtm_open"):  # every target is gapped over by 0.3R
        outcome = candidates["outcome_open" if name.endswith("_open") else "outcome"]
        more = pc.if_else(pc.fill_null(pc.equal(outcome, "target_hit"), False), 0.3, 0.0)
        candidates = replaced(candidates, name, pc.add(candidates[name], more).to_pylist())

    def results(gapped_target):
        method = {"fill": fill, "expired": expired, "gapped_target": gapped_target}
        relations = relations_of("standard", method=method) | {"candidates": candidates}
        return run_models(relations, ["percentile_ranks", "graded_setups"])["graded_setups"].to_pylist()

    at_open, at_target = results("open"), results("target")
    assert {row["outcome"] for row in at_open} > {"target_hit", "expired"}
    for more, less in zip(at_open, at_target, strict=True):
        is_hit = more["outcome"] == "target_hit"
        assert more["gross_r"] == (pytest.approx(less["gross_r"] + 0.3) if is_hit else less["gross_r"])
        if more["is_graded"]:
            assert more["target_gap_r"] == less["target_gap_r"] == pytest.approx(0.3 if is_hit else 0.0)


def test_expired_trades_are_marked_or_zero_and_ended_rows_kept_or_dropped():
    marked = run_models(relations_of("standard"), ["percentile_ranks", "graded_setups"])["graded_setups"]
    booked = run_models(relations_of("legacy"), ["percentile_ranks", "graded_setups"])["graded_setups"]
    assert {row["gross_r"] for row in rows_where(booked, outcome="expired")} == {0.0}
    assert 0.0 not in {row["gross_r"] for row in rows_where(marked, outcome="expired")}
    assert min(booked["n_forward"].to_pylist()) == 30
    assert rows_where(marked, exit_reason="delisted")
    assert {row["drop_reason"] for row in rows_where(marked, is_graded=False)} == {
        "gapped_stop",
        "no_forward_bars",
    }
    assert set(marked["drop_reason"].filter(marked["is_graded"]).to_pylist()) == {None}


def test_delisting_return_moves_the_marks_of_ended_tickers_only():
    names = ["percentile_ranks", "graded_setups"]
    # A ticker is known to have ended by the setups that its end left untouched.
    ended = {row["ticker"] for row in rows_where(random_candidates(), exit_reason="delisted")}
    assert ended <= set(ENDED)
    plain, lossy = (
        run_models(relations_of("standard", costs={"delisting_return": r}), names)["graded_setups"].to_pylist()
        for r in (0.0, -0.5)
    )
    n_moved = {"gross_r": 0, "time_r_5": 0, "time_r_30": 0}
    for before, after in zip(plain, lossy, strict=True):
        planned = abs(before["entry"] - before["stop"])
        sign = 1 if before["direction"] == "long" else -1
        is_ended = before["ticker"] in ended and before["is_graded"] and before["n_forward"] < 30
        can_move = is_ended and before["stop_day"] is None
        moves = {
            "gross_r": can_move and before["exit_reason"] == "delisted",
            "time_r_5": can_move and before["n_forward"] < 5,
            "time_r_30": can_move,
        }
        for name, is_moved in moves.items():
            if is_moved:
                mark = before["entry_price"] + sign * before[name] * planned
                assert after[name] == pytest.approx(before[name] - 0.5 * sign * mark / planned)
                n_moved[name] += 1
            else:
                assert after[name] == before[name]
    assert min(n_moved.values()) > 0


def test_optional_floors_tighten_the_core():
    gates = GATES | {
        "require_high_conviction": True,
        "exclude_conflicts": True,
        "min_target_probability": 30,
        "min_ev": 0.1,
    }
    relations = {**relations_of("legacy"), **settings_relations(profile_settings("legacy", gates))}
    given = {(r["ticker"], r["asof_date"], r["direction"]): r for r in relations["candidates"].to_pylist()}
    seen = set()
    for row in run_models(relations, ["percentile_ranks", "graded_setups"])["graded_setups"].to_pylist():
        source = given[row["ticker"], row["asof_date"], row["direction"]]
        wanted = (
            source["action"] in ("LONG_HIGH", "SHORT_HIGH")
            and source["risk_level"] == "Low"
            and (source["best_prob"] or 0.0) >= 30
            and source["ev"] >= 0.1
        )
        assert row["tighteners_ok"] == wanted
        seen.add(wanted)
    assert seen == {True, False}


def test_calibration_bins_count_close_graded_setups(case):
    _, _, tables = case
    rows = [r for r in tables["graded_setups"].to_pylist() if r["outcome_at_close"] is not None]
    rows.sort(key=lambda r: (r["primary_prob"], r["ticker"].encode(), r["row_no"]))
    bins = rows_where(tables["calibration"], direction="all")
    assert [b["bin"] for b in bins] == list(range(1, 11))
    size, extra = divmod(len(rows), 10)
    start = 0
    for k, found in enumerate(bins):
        part = rows[start : start + size + (k < extra)]
        start += len(part)
        hits = sum(1 for r in part if r["outcome_at_close"] == "target_hit")
        mean = math.fsum(r["primary_prob"] for r in part) / len(part)
        assert (found["n"], found["hits"]) == (len(part), hits)
        assert found["mean_stated_pct"] == pytest.approx(mean)
        assert found["gap_pct"] == pytest.approx(hits / len(part) * 100 - mean)


def test_means_of_many_rows_add_up_from_the_lowest():
    # More rows than a vector, a row group or a sorted run of DuckDB holds: their order has to survive all three.
    n = 300_000
    rng = np.random.default_rng(5)
    stated = np.round(rng.random(n) * 60, 3)
    stated[rng.random(n) < 0.01] = np.nan
    long = rng.random(n) < 0.6
    graded = pa.table(
        {
            "scenario": pa.repeat("base", n),
            "ticker": pa.repeat("A", n),
            "row_no": pa.array(rng.permutation(n)),
            "direction": pa.array(np.where(long, "long", "short")),
            "primary_prob": pa.array(stated, from_pandas=True),
            "outcome_at_close": pa.array(np.where(rng.random(n) < 0.3, "target_hit", "stop_hit")),
        }
    )
    rows = run_model("calibration", {"graded_setups": graded}).to_pylist()
    for direction, chosen in (("all", np.ones(n, bool)), ("long", long), ("short", ~long)):
        values = np.sort(stated[chosen & ~np.isnan(stated)])
        for found, part in zip(
            [row for row in rows if row["direction"] == direction], np.array_split(values, 10), strict=True
        ):
            assert found["n"] == len(part)
            assert found["mean_stated_pct"] == np.add.accumulate(part)[-1] / len(part)


def test_factor_ic_is_the_mean_over_the_scenarios_weeks(case):
    profile, relations, tables = case
    weekly = [row for row in relations["factor_ic_weekly"].to_pylist() if row["n"] >= 20]
    for found in tables["factor_ic"].to_pylist():
        mine = [row for row in weekly if row["signal"] == found["signal"]]
        used = [row for row in mine if row["is_thinned"]] if profile == "legacy" else mine
        ics = [row["ic"] for row in used if row["ic"] is not None]
        if profile == "legacy":
            t = statistics.fmean(ics) / statistics.stdev(ics) * math.sqrt(len(ics))
            assert (found["thinned_weeks"], found["thinned_mean_ic"]) == (len(ics), found["mean_ic"])
        else:  # the cosine estimator over the same weeks, those without a correlation in their places
            first = min(row["week"] for row in used if row["ic"] is not None)
            last = max(row["week"] for row in used if row["ic"] is not None)
            axis = np.full((last - first).days // 7 + 1, np.nan)
            for row in used:
                if row["ic"] is not None:
                    axis[(row["week"] - first).days // 7] = row["ic"]
            wanted = estimate(series_influence(axis), 6)
            t = None if wanted.is_too_short[0] else wanted.t[0]
            assert (found["thinned_weeks"], found["thinned_mean_ic"]) == (None, None)
        assert found["weeks"] == len(ics)
        assert found["avg_cross_section"] == pytest.approx(statistics.fmean(row["n"] for row in used))
        assert found["mean_ic"] == pytest.approx(statistics.fmean(ics))
        assert found["ic_t_stat"] == (None if t is None else pytest.approx(t, rel=1e-9))
        assert found["ic_positive_pct"] == pytest.approx(100 * sum(ic > 0 for ic in ics) / len(ics))
        assert found["mean_quintile_spread"] == pytest.approx(statistics.fmean(row["spread"] for row in used))
        assert found["reliable"] == (len(ics) >= 12 if profile == "legacy" else t is not None)


def test_signals_without_a_week_leave_no_row():
    relations = relations_of("legacy")
    weekly = relations["factor_ic_weekly"]
    thin = replaced(weekly, "n", [3 if s == "vol_6m" else 25 for s in weekly["signal"].to_pylist()])
    table = run_model("factor_ic", {**relations, "factor_ic_weekly": thin})
    assert "vol_6m" not in table["signal"].to_pylist()
    assert table.num_rows == len(SIGNAL_NAMES) - 1


def test_one_thinned_week_has_no_t():
    relations = relations_of("legacy")
    weekly = relations["factor_ic_weekly"]
    first = weekly.filter(pc.equal(weekly["week"], date(2019, 1, 7)))
    first = replaced(replaced(first, "n", [25] * first.num_rows), "ic", [0.1] * first.num_rows)
    rows = run_model("factor_ic", {**relations, "factor_ic_weekly": first}).to_pylist()
    assert {(row["weeks"], row["ic_t_stat"], row["reliable"]) for row in rows} == {(1, None, False)}


@pytest.mark.parametrize("n_weeks", [59, 60, 203, 520, 1000])
def test_the_t_over_all_weeks_is_the_estimators_at_every_length(n_weeks):
    relations = relations_of("standard") | {"factor_ic_weekly": random_weekly_ic(3, n_weeks)}
    weekly = relations["factor_ic_weekly"].to_pylist()
    for found in run_model("factor_ic", relations).to_pylist():
        mine = [row for row in weekly if row["signal"] == found["signal"] and row["n"] >= 20 and row["ic"] is not None]
        first = mine[0]["week"]
        axis = np.full((mine[-1]["week"] - first).days // 7 + 1, np.nan)
        axis[[(row["week"] - first).days // 7 for row in mine]] = [row["ic"] for row in mine]
        wanted = estimate(series_influence(axis), 6)
        is_long = len(axis) >= 60
        assert found["reliable"] == is_long
        assert found["ic_t_stat"] == (pytest.approx(wanted.t[0], rel=1e-9) if is_long else None)
