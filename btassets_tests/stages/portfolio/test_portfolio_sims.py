"""Tables of the simulated portfolios: curves, trades and numbers of the same results."""

from datetime import date

import numpy as np
import pytest

from btassets.graph.portfolio import EQUITY_CURVES, PORTFOLIO_SIMS, STRATEGY_VARIANTS, TRADES
from btassets.run.tables import inputs_of
from btassets.settings.models import Settings
from btassets.stages.bars.bars_view import read_bucket_bars
from btassets.stages.bars.sessions_view import read_sessions
from btassets.stages.portfolio.portfolio_sims import compute
from btassets.stages.ranking.tie_order import in_tie_order
from btassets_tests.reference import naive_book
from btassets_tests.support.graded_rows import RISING, N, graded, portfolio_tables, ranks
from btassets_tests.support.small_books import run_book, scenario_book

EPOCH = date(1970, 1, 1).toordinal()
SETTINGS = Settings.model_validate({"costs": {"per_side_frac": 0.0}})
ENTRY = float(RISING[4])
SETUPS = graded(
    ("A", 4, "long", ENTRY, ENTRY * 0.9, ENTRY * 1.05, 95.0, True, True),
    ("b", 4, "short", 50.0, 55.0, 40.0, 90.0, True, True),
    ("A", 3, "long", 50.0, 45.0, 90.0, 99.0, False, False),  # fails a floor
)
RANKS = ranks(("week", 2, "A", 95.0), ("week", 2, "b", 20.0), ("latest", 39, "A", 95.0))


@pytest.fixture
def result(tmp_path):
    return compute(portfolio_tables(tmp_path, SETUPS, RANKS), SETTINGS)


def test_a_trade_has_its_dates_prices_and_reason(result):
    trades = {row["policy"]: row for row in result.tables["trades"].to_pylist()}
    assert result.tables["trades"].schema.equals(TRADES.schema)
    assert result.tables["trades"].num_rows == 2
    target, hold = trades["target"], trades["hold"]
    assert (target["ticker"], target["scenario"], target["reason"], hold["reason"]) == ("A", "strict", "target", "time")
    assert target["asof_date"].isoformat() == "2019-04-18"
    assert target["entry_date"].isoformat() == "2019-04-19"
    assert target["entry_price"] == pytest.approx(RISING[5])
    assert target["exit_price"] == pytest.approx(RISING[9])  # the first open at or beyond 1.05 x entry
    assert (hold["exit_date"] - hold["entry_date"]).days == hold["hold_days"] - 1 == 29
    assert target["gross_r"] == pytest.approx((RISING[9] - RISING[5]) / (ENTRY * 0.1))
    assert target["net_r"] == pytest.approx(target["gross_r"])


def test_curves_fall_from_their_peak_and_only_portfolios_have_positions(result):
    table = result.tables["equity_curves"]
    assert table.schema.equals(EQUITY_CURVES.schema)
    by_curve = {}
    for row in table.to_pylist():
        by_curve.setdefault(row["curve"], []).append(row)
    assert set(by_curve) == {"target", "hold", "benchmark", "equal_weight_hold", "equal_weight_renewed"}
    for name, rows in by_curve.items():
        assert rows[0]["date"].isoformat() == "2019-04-16", name
        assert rows[0]["equity"] == pytest.approx(10_000.0), name
        peak = 0.0
        for row in rows:
            peak = max(peak, row["equity"])
            assert row["drawdown_pct"] == pytest.approx(100 * (1 - row["equity"] / peak), abs=1e-9)
        is_portfolio = name in ("target", "hold")
        assert all((row["n_positions"] is not None) == is_portfolio for row in rows)
    held = [row["n_positions"] for row in by_curve["hold"]]
    assert held[2:5] == [0, 1, 1]
    assert by_curve["hold"][3]["exposure_pct"] == pytest.approx(10.0, rel=0.05)  # 1% risk over a stop 10% away


def test_rows_of_policies_and_variants_have_the_same_numbers_as_the_trades(result):
    policies = {row["policy"]: row for row in result.tables["portfolio_sims"].to_pylist()}
    assert result.tables["portfolio_sims"].schema.equals(PORTFOLIO_SIMS.schema)
    trade = next(r for r in result.tables["trades"].to_pylist() if r["policy"] == "target")
    assert (policies["target"]["trades"], policies["target"]["refused_short"]) == (1, 1)
    assert policies["target"]["final_equity"] == pytest.approx(10_000 + trade["pnl_usd"])
    assert policies["target"]["equal_weight_hold_return_pct"] == policies["hold"]["equal_weight_hold_return_pct"] > 0
    assert policies["hold"]["spy_return_pct"] == pytest.approx(100 * (1.001**37 - 1))
    variants = {row["variant"]: row for row in result.tables["strategy_variants"].to_pylist()}
    assert result.tables["strategy_variants"].schema.equals(STRATEGY_VARIANTS.schema)
    assert variants["residual_80_fixed15"]["variant_max_positions"] == 15
    assert {row["trades"] for row in variants.values()} == {1}


def test_the_main_numbers_are_those_of_the_held_portfolio_and_every_run_is_a_trial(result):
    hold = next(r for r in result.tables["portfolio_sims"].to_pylist() if r["policy"] == "hold")
    assert result.numbers["sharpe"] == hold["sharpe"]
    assert (result.numbers["trades"], result.numbers["refused_short"]) == (1, 1)
    assert len(result.beside["trials"]) == 2 + 4
    assert result.beside["trials"][1].sharpe == hold["sharpe"]


def test_without_a_ranked_week_every_table_is_there_and_empty_of_trades(tmp_path):
    nothing = compute(portfolio_tables(tmp_path, SETUPS, RANKS.slice(2)), SETTINGS)
    assert nothing.tables["trades"].num_rows == nothing.tables["equity_curves"].num_rows == 0
    rows = nothing.tables["portfolio_sims"].to_pylist()
    assert [(row["policy"], row["trades"]) for row in rows] == [("target", None), ("hold", None)]
    assert nothing.numbers == {"cagr_pct": None, "max_drawdown_pct": None, "sharpe": None, "trades": 0}


def test_a_curve_that_fell_shows_how_far(tmp_path):
    falling = 50.0 * 0.97 ** np.arange(N)
    found = compute(portfolio_tables(tmp_path, SETUPS, RANKS, other=falling), SETTINGS).tables["equity_curves"]
    rows = [row for row in found.to_pylist() if row["curve"] == "equal_weight_hold"]
    lowest = max(rows, key=lambda row: row["drawdown_pct"])
    peak = max(row["equity"] for row in rows if row["date"] <= lowest["date"])
    assert lowest["drawdown_pct"] == pytest.approx(100 * (1 - lowest["equity"] / peak))
    assert lowest["drawdown_pct"] > 5.0


@pytest.mark.parametrize(
    ("name", "days"), [("base", {"target": 30, "hold": 30}), ("longer", {"target": 60, "hold": 90})]
)
def test_both_policies_equal_the_naive_walk_at_their_own_number_of_sessions(name, days):
    book = run_book() if name == "base" else scenario_book(name)
    tables, settings = inputs_of("portfolio_sims", book)
    calendar = read_sessions(tables).days.tolist()
    ranked = book.lake.read("percentile_ranks", book.scenario).to_pylist()
    weeks = [row["asof_date"].toordinal() - EPOCH for row in ranked if row["grid"] == "week"]
    bars = {}
    for item in (item for bucket in range(64) for item in read_bucket_bars(tables, settings, bucket)):
        b = item.bars
        prices = zip(b.open.tolist(), b.high.tolist(), b.low.tolist(), b.close.tolist(), strict=True)
        bars[item.ticker] = {day: row for day, row in zip(b.dates.tolist(), prices, strict=True) if day <= calendar[-1]}
    rows = [
        {
            **row,
            **{name: row[name] * row["price_factor"] for name in ("entry", "stop", "target")},
            "date": row["asof_date"].toordinal() - EPOCH,
            "rank": row["activation_momentum_percentile"],
        }
        for row in in_tie_order(book.lake.read("graded_setups", book.scenario)).to_pylist()
    ]
    simulated = {row["policy"]: row for row in book.lake.read("portfolio_sims", book.scenario).to_pylist()}
    trades = book.lake.read("trades", book.scenario).to_pylist()
    for policy, longest in days.items():
        rules = {"capital": 10_000.0, "cost": 0.001, "max_positions": 10, "risk": 0.01, "cap": 0.20}
        rules |= {"policy": policy, "hold_days": longest, "delisting_return": 0.0}
        walked = naive_book.honest_book(bars, rows, rules, calendar, min(weeks))
        found = [row for row in trades if row["policy"] == policy]
        assert simulated[policy]["trades"] == len(walked["trades"]) == len(found) > 10
        assert simulated[policy]["final_equity"] == pytest.approx(walked["curve"][-1]["equity"], rel=1e-12)
        assert sorted(row["hold_days"] for row in found) == sorted(row["hold"] for row in walked["trades"])
        assert max(row["hold_days"] for row in found) == longest
