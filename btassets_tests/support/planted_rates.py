"""How often each claim would be made over many planted markets, by our estimator and by wrong ones.

`rates(seeds, edge)` runs the markets and returns arrays with one row per market.
"""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from btassets.engine.signals import SIGNAL_NAMES
from btassets.engine.statistics.distributions import student_t_quantile
from btassets.engine.statistics.ewc import estimate
from btassets.engine.statistics.families import benjamini_hochberg, step_down
from btassets.engine.statistics.influence import difference, series_influence, setup_influence
from btassets.engine.statistics.verdicts import SUPPORTED, Evidence, superior
from btassets_tests.support.planted_market import HORIZONS, PlantedMarket, planted_market

MEASURES = ("target", "hold", "adjusted_hold", "adjusted_target")
HORIZON = HORIZONS.index(30)
OVERLAP = 6
RESIDUAL = SIGNAL_NAMES.index("mom_12_1_resid")

Rates = dict[str, npt.NDArray[np.float64]]


def rates(seeds: Iterable[int], edge: float = 0.0) -> Rates:
    found: dict[str, list] = defaultdict(list)
    for seed in seeds:
        market = planted_market(seed, edge)
        for name, value in (_signals(market) | _setups(market) | _advice(market, seed)).items():
            found[name].append(value)
    return {name: np.array(values) for name, values in found.items()}


def _signals(market: PlantedMarket) -> dict[str, object]:
    ic = market.ic.ic[:, HORIZON, :].T
    ours = estimate(series_influence(ic), OVERLAP)
    known = ic[~np.isnan(ic).any(axis=1)]
    naive_t = known.mean(axis=0) / known.std(axis=0, ddof=1) * np.sqrt(len(known))
    q = benjamini_hochberg(ours.p)
    return {
        "ic": ours.estimate,
        "ic_rejects": ours.p < 0.05,
        "ic_naive_rejects": np.abs(naive_t) > 1.96,
        "any_signal": (q < 0.05).any(),
    }


def _setups(market: PlantedMarket) -> dict[str, object]:
    values = np.stack([market.target_r, market.hold_r, market.adjusted_r, market.adjusted_target_r], axis=1)
    influence = setup_influence(market.week_no, values, market.n_weeks, market.is_qualified)
    ours = estimate(influence, OVERLAP)
    t = np.array([student_t_quantile(0.975, dof) for dof in ours.dof.tolist()])
    return {
        "mean_r": ours.estimate,
        "half": t * ours.se,
        "se": ours.se,
        "iid_half": 1.96 * np.sqrt(influence.variance / influence.n_obs),
    }


def _advice(market: PlantedMarket, seed: int) -> dict[str, object]:
    qualified = market.is_qualified

    def hold(rows: npt.NDArray[np.bool_]) -> object:
        return setup_influence(market.week_no, market.hold_r, market.n_weeks, rows)

    best_hold = np.nanmean(market.time_r[qualified], axis=0).max()
    holds = setup_influence(market.week_no, market.time_r, market.n_weeks, qualified)
    target = setup_influence(market.week_no, market.target_r, market.n_weeks, qualified)
    exits = step_down(difference(holds, target), OVERLAP)
    # A floor that keeps seven of ten setups by lot: what the legacy profile's rule keeps, and what we support.
    lucky = np.random.default_rng(seed).random(len(qualified)) < 0.7
    floor = estimate(difference(hold(qualified & lucky), hold(qualified)), OVERLAP)
    claim = superior(Evidence(floor.estimate[0], floor.se[0], int(floor.dof[0]), floor.p[0]))
    return {
        "seed_says_hold": best_hold > np.nanmean(market.zero_r[qualified]) + 0.05,
        "any_exit": exits.p_adj.min() < 0.05,
        "seed_keeps_random_floor": floor.estimate[0] > 0.02,
        "random_floor_supported": claim == SUPPORTED,
    }


def coverage(found: Rates, half: str) -> npt.NDArray[np.float64]:
    """Share of markets whose interval covers the mean over all markets, by measure."""
    truth = found["mean_r"].mean(axis=0)
    return (np.abs(found["mean_r"] - truth) <= found[half]).mean(axis=0)
