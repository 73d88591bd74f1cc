"""The portfolios of the report: two exit policies, and variants of rank signal, cutoff and capacity.

Belongs here: running these portfolios, and the tickers behind the legacy profile's calendar. Does not belong here: the
simulation itself.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from btassets.engine.conventions import POLICIES
from btassets.engine.portfolio.benchmark import BenchmarkCloses
from btassets.engine.portfolio.entries import Entries
from btassets.engine.portfolio.exits import precompute_exits
from btassets.engine.portfolio.panel import BarPanel
from btassets.engine.portfolio.portfolio_rules import BookConfig, BookRules
from btassets.engine.portfolio.simulation import BookResult, simulate_books
from btassets.engine.portfolio.variant_list import STRATEGY_VARIANTS, StrategyVariant


def priced_tickers(
    n_tickers: int,
    ticker_no: NDArray[np.int32],
    is_long: NDArray[np.bool_],
    meets_core: NDArray[np.bool_],
    is_qualified: NDArray[np.bool_],
    activation_percentile: NDArray[np.float64],
    raw_percentile: NDArray[np.float64],
    variants: Sequence[StrategyVariant] = STRATEGY_VARIANTS,
) -> NDArray[np.bool_]:
    """Tickers with a row that qualifies for the gate or for any variant, shape (n_tickers,).

    Their bars form the calendar of every simulation of the legacy profile: `BarPanel.sessions_of`.
    """
    wanted = is_qualified.copy()
    for variant in variants:
        rank = raw_percentile if variant.ranking == "raw" else activation_percentile
        wanted |= meets_core & is_long & (rank >= variant.cutoff_pct)
    flags = np.zeros(n_tickers, dtype=np.bool_)
    flags[ticker_no[wanted]] = True
    return flags


def simulate_policies(
    panel: BarPanel,
    entries: Entries,
    rules: BookRules,
    is_qualified: NDArray[np.bool_],
    rank: NDArray[np.float64],
    *,
    sessions: NDArray[np.int32] | None = None,
    start_session: int | None = None,
    benchmark: BenchmarkCloses | None = None,
) -> dict[str, BookResult | None]:
    """One portfolio per exit policy over the qualified rows; `rules.policy` is ignored.

    Parameters are those of `simulate_books`; `is_qualified` and `rank` are aligned with `entries`.
    """
    policy_rules = [replace(rules, policy=policy) for policy in POLICIES]
    results = simulate_books(
        panel,
        entries,
        [precompute_exits(panel, entries, r) for r in policy_rules],
        [BookConfig(r, exits_no=k) for k, r in enumerate(policy_rules)],
        masks=is_qualified[np.newaxis, :],
        ranks=rank[np.newaxis, :],
        sessions=sessions,
        start_session=start_session,
        benchmark=benchmark,
    )
    return dict(zip(POLICIES, results, strict=True))


def simulate_variants(
    panel: BarPanel,
    entries: Entries,
    rules: BookRules,
    meets_core: NDArray[np.bool_],
    activation_percentile: NDArray[np.float64],
    raw_percentile: NDArray[np.float64],
    *,
    variants: Sequence[StrategyVariant] = STRATEGY_VARIANTS,
    sessions: NDArray[np.int32] | None = None,
    start_session: int | None = None,
    benchmark: BenchmarkCloses | None = None,
) -> list[tuple[StrategyVariant, BookResult | None]]:
    """One hold portfolio per variant: the floors, and the variant's own long-only percentile cutoff.

    Parameters are those of `simulate_books`; the three columns are aligned with `entries`.
    """
    hold_rules = replace(rules, policy="hold")
    configs = [
        BookConfig(
            replace(hold_rules, max_positions=v.max_positions, risk_frac=v.risk_frac),
            rank_no=1 if v.ranking == "raw" else 0,
            cutoff_pct=v.cutoff_pct,
        )
        for v in variants
    ]
    results = simulate_books(
        panel,
        entries,
        [precompute_exits(panel, entries, hold_rules)],
        configs,
        masks=meets_core[np.newaxis, :],
        ranks=np.stack([activation_percentile, raw_percentile]),
        sessions=sessions,
        start_session=start_session,
        benchmark=benchmark,
    )
    return list(zip(variants, results, strict=True))


def variant_columns(variant: StrategyVariant) -> dict[str, Any]:
    """Return the description of a variant's report row, without the numbers."""
    return {
        "variant": variant.variant,
        "ranking": variant.ranking,
        "cutoff": variant.cutoff_pct,
        "max_positions": variant.max_positions,
        "risk_per_trade_pct": round(variant.risk_frac * 100, 2),
        "risk_scale": None,
    }
