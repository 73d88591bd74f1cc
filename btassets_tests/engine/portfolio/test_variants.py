"""Portfolios of the report: policies and variants."""

from dataclasses import replace

import numpy as np

from btassets.engine.portfolio.variant_list import StrategyVariant
from btassets.engine.portfolio.variants import priced_tickers, simulate_policies, simulate_variants, variant_columns
from btassets_tests.support.small_panel import FREE, market, rows


def test_priced_tickers_qualify_for_the_gate_or_for_a_variant():
    flags = priced_tickers(
        5,
        ticker_no=np.array([0, 1, 2, 3, 3]),
        is_long=np.array([False, True, True, False, True]),
        meets_core=np.array([True, True, False, True, True]),
        is_qualified=np.array([True, False, False, False, False]),
        activation_percentile=np.array([0.0, 79.0, 99.0, 99.0, np.nan]),
        raw_percentile=np.array([0.0, 80.0, 99.0, 99.0, 79.0]),
    )
    assert flags.tolist() == [True, True, False, False, False]


def test_priced_tickers_follow_the_variants_given():
    flags = priced_tickers(
        2,
        ticker_no=np.array([0, 1]),
        is_long=np.ones(2, bool),
        meets_core=np.ones(2, bool),
        is_qualified=np.zeros(2, bool),
        activation_percentile=np.array([0.0, 60.0]),
        raw_percentile=np.array([99.0, 0.0]),
        variants=(StrategyVariant("loose", "residual", 60.0, 10),),
    )
    assert flags.tolist() == [False, True]


def falling_and_rising():
    """Two tickers with setups on session 0: one reaches its target at once and falls back, one climbs."""
    spike = {0: (10,) * 4, 1: (10, 13, 10, 10), 2: (10,) * 4, 3: (10,) * 4, 4: (10,) * 4}
    climb = {0: (10,) * 4, 1: (10, 11, 10, 11), 2: (11, 12, 11, 12), 3: (12, 13, 12, 13), 4: (13, 14, 13, 14)}
    panel = market([spike, climb])
    return panel, rows(panel, (0, 0, 10.0, 9.0, 12.0), (1, 0, 10.0, 9.0, 12.0))


def test_each_policy_has_its_own_exits_whatever_the_rules_say():
    panel, entries = falling_and_rising()
    for policy in ("target", "hold"):
        books = simulate_policies(panel, entries, replace(FREE, policy=policy), np.ones(2, bool), np.array([2.0, 1.0]))
        assert list(books) == ["target", "hold"]
        assert books["target"].trades.exit_price.tolist() == [12.0, 12.0]
        assert books["hold"].trades.exit_price.tolist() == [10.0, 13.0]
        assert books["target"].rules.policy == "target"
    one = simulate_policies(panel, entries, FREE, np.array([False, True]), np.array([2.0, 1.0]))
    assert one["hold"].trades.ticker_no.tolist() == [1]


def test_a_variant_ranks_by_its_own_column_and_cuts_at_its_own_percentile():
    panel, entries = falling_and_rising()
    variants = (
        StrategyVariant("residual", "residual", 80.0, 10),
        StrategyVariant("raw", "raw", 80.0, 10),
        StrategyVariant("raw_strict", "raw", 80.5, 10),
        StrategyVariant("small", "raw", 70.0, 1, risk_frac=0.005),
        StrategyVariant("nothing", "residual", 99.0, 10),
    )
    found = simulate_variants(
        panel,
        entries,
        FREE,
        np.ones(2, bool),
        np.array([80.0, 79.9]),
        np.array([70.0, 80.0]),
        variants=variants,
    )
    assert [variant for variant, _ in found] == list(variants)
    traded = [None if book is None else book.trades.ticker_no.tolist() for _, book in found]
    assert traded == [[0], [1], None, [1], None]
    shares = [None if book is None else book.trades.shares.tolist() for _, book in found]
    assert shares == [[100.0], [100.0], None, [50.0], None]
    assert found[0][1].trades.exit_price.tolist() == [10.0]  # held, not sold at its target
    core = simulate_variants(
        panel, entries, FREE, np.array([False, True]), np.full(2, 99.0), np.full(2, 99.0), variants=variants[:1]
    )
    assert core[0][1].trades.ticker_no.tolist() == [1]


def test_a_variant_states_its_risk_in_percent():
    row = variant_columns(StrategyVariant("x", "raw", 90.0, 15, risk_frac=0.012345))
    assert (row["risk_per_trade_pct"], row["cutoff"], row["max_positions"]) == (1.23, 90.0, 15)
