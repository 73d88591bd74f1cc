"""A portfolio against its benchmark, and against random picks.

Belongs here: alpha, beta and information ratio with their errors; percentile columns of tickers with swapped ranks, and
the p-value from the portfolios that trade on them. Does not belong here: the simulation (portfolio) and the
significance of a Sharpe ratio (sharpe).
"""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from btassets.engine.compiling import Int32Matrix, Int32s, Int64s, OutRealMatrix, kernel
from btassets.engine.statistics.influence import Influence, series_influence
from btassets.engine.statistics.sharpe import DAYS_PER_YEAR

RANDOM_DRAWS = 499
RANDOM_SEED = 20240499
LEAST_RANKED_SHARE = 0.9
"""Minimum share of weeks in which a ticker must be ranked to take part in the swapping."""

ALPHA, BETA, INFORMATION_RATIO, ACTIVE = range(4)
"""Columns of `market_model`."""


def market_model(
    returns: NDArray[np.float64], benchmark: NDArray[np.float64], sessions_a_year: int = DAYS_PER_YEAR
) -> Influence:
    """Alpha, beta, information ratio and active return of a portfolio; use overlap `DAILY`.

    Least squares of `returns` on `benchmark` with an intercept. Columns, in the order of `ALPHA`, `BETA`,
    `INFORMATION_RATIO`, `ACTIVE`: intercept a year (a fraction); slope; intercept over the standard
    deviation of the residuals, times the root of a year's sessions; mean difference a year (a fraction).

    Parameters
    ----------
    returns, benchmark
        Daily fractions of the same sessions, shape (n_days,); a day with a NaN in either is left out. With fewer than
        three days, or a constant benchmark, nothing is estimated.
    sessions_a_year
        Of this market.

    Notes
    -----
    Influence of least squares: Q^-1 x_t e_t, Q = mean x x'; of the ratio a / s by the delta method. The
    information ratio is that of the residual return (Grinold and Kahn, "Active portfolio
    management", ch. 5).
    """
    known = ~(np.isnan(returns) | np.isnan(benchmark))
    y, x = returns[known], benchmark[known]
    n = len(y)
    variance = float(np.mean((x - x.mean()) ** 2)) if n else 0.0
    if n < 3 or variance <= 1e-24:
        nothing = np.zeros(4, dtype=np.int64)
        return Influence(np.full(4, np.nan), np.zeros((n, 4)), nothing, nothing - 1, nothing, np.full(4, np.nan))
    centred = x - x.mean()
    beta = float(np.mean(centred * (y - y.mean()))) / variance
    alpha = float(y.mean()) - beta * float(x.mean())
    residual = y - alpha - beta * x
    psi_beta = centred * residual / variance
    psi_alpha = residual - psi_beta * float(x.mean())
    active = y - x
    year = float(sessions_a_year)
    spread = float(np.mean(residual * residual))
    if spread > 1e-24:
        sd = math.sqrt(spread)
        ratio = alpha / sd
        psi_ratio = (psi_alpha / sd - 0.5 * ratio * (residual * residual / spread - 1.0)) * math.sqrt(year)
        ratio *= math.sqrt(year)
    else:
        ratio, psi_ratio = math.nan, np.zeros(n)
    psi = np.stack((psi_alpha * year, psi_beta, psi_ratio, (active - active.mean()) * year), axis=1)
    return Influence(
        estimate=np.array([alpha * year, beta, ratio, active.mean() * year]),
        psi=psi,
        first=np.zeros(4, dtype=np.int64),
        last=np.full(4, n - 1, dtype=np.int64),
        n_obs=np.full(4, n, dtype=np.int64),
        variance=np.full(4, np.nan),
    )


def alpha_of_differences(
    gaps: NDArray[np.float64], benchmark: NDArray[np.float64], sessions_a_year: int = DAYS_PER_YEAR
) -> Influence:
    """Alpha a year of k differences of daily returns, on one axis of days; use overlap `DAILY`.

    A portfolio of more volatile tickers earns more in a rising market. Without beta x benchmark that is no advantage.

    Parameters
    ----------
    gaps
        Daily fractions, shape (n_days, k); NaN = no difference on that day.
    benchmark
        Daily fractions of the same sessions, shape (n_days,). If it has no return at all, the mean difference is
        estimated as it is; otherwise a day without one is left out.
    """
    if np.isnan(benchmark).all():
        return series_influence(gaps * sessions_a_year)
    x = np.where(np.isnan(gaps), np.nan, benchmark[:, np.newaxis])
    known = ~np.isnan(x)
    n = np.maximum(np.count_nonzero(known, axis=0), 1)
    y, x = np.where(known, gaps, 0.0), np.where(known, x, 0.0)
    x_mean, y_mean = x.sum(axis=0) / n, y.sum(axis=0) / n
    centred = np.where(known, x - x_mean, 0.0)
    spread = np.sum(centred * centred, axis=0)
    varies = spread > 1e-24 * n
    beta = np.where(varies, np.sum(centred * (y - y_mean), axis=0) / np.where(varies, spread, 1.0), 0.0)
    own = series_influence(np.where(known, gaps - beta * x, np.nan) * sessions_a_year)
    residual = np.where(known, y - y_mean - beta * centred, 0.0)
    slope = centred * residual * np.where(varies, n / np.where(varies, spread, 1.0), 0.0)
    psi = own.psi - slope * x_mean * sessions_a_year * ((own.last - own.first + 1) / n)
    return replace(own, psi=psi)


def stable_tickers(percentile: NDArray[np.float64], least_share: float = LEAST_RANKED_SHARE) -> NDArray[np.bool_]:
    """Tickers that are ranked in at least `least_share` of the weeks, shape (n_tickers,).

    Parameters
    ----------
    percentile
        Shape (n_weeks, n_tickers); NaN = not ranked in that week.
    least_share
        A fraction of all weeks.
    """
    n_weeks = len(percentile)
    return np.count_nonzero(~np.isnan(percentile), axis=0) >= least_share * max(n_weeks, 1)


def ticker_permutations(
    is_stable: NDArray[np.bool_],
    draws: int = RANDOM_DRAWS,
    seed: int = RANDOM_SEED,
    group: NDArray[np.int64] | None = None,
) -> NDArray[np.int32]:
    """Ticker whose percentiles each ticker takes in each draw, shape (draws, n_tickers).

    One permutation per draw, for all weeks alike, among the stable tickers of a group (`random_pick.like_groups`; None:
    one group); the others keep their own. Shuffling inside each week instead would break the persistence of ranks,
    which drives holding and turnover of a portfolio, and would reject half of all true nulls.
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    source = np.tile(np.arange(len(is_stable), dtype=np.int32), (draws, 1))
    groups = np.where(is_stable, 0 if group is None else group, -1)
    for number in range(int(groups.max(initial=-1)) + 1):
        swapped = np.flatnonzero(groups == number).astype(np.int32)
        if len(swapped):
            source[:, swapped] = generator.permuted(np.tile(swapped, (draws, 1)), axis=1)
    return source


@kernel
def _permuted_ranks(
    twice_rank: Int32Matrix,
    source: Int32Matrix,
    out_start: Int64s,
    out_ticker: Int32s,
    entry_start: Int64s,
    entry_ticker: Int32s,
    ranks: OutRealMatrix,
) -> OutRealMatrix:
    """Write the percentiles of `PermutedRanks.of_draws` into `ranks`, shape (n_draws, n_entries)."""
    n_draws = source.shape[0]
    n_weeks, n_tickers = twice_rank.shape
    ranks[:] = np.nan
    removed = np.empty(n_tickers, dtype=np.int32)
    n_ranked = np.zeros(n_weeks, dtype=np.int64)
    for w in range(n_weeks):
        for i in range(n_tickers):
            n_ranked[w] += twice_rank[w, i] >= 0
    for d in range(n_draws):
        for w in range(n_weeks):
            if entry_start[w] == entry_start[w + 1]:
                continue
            # A ticker not ranked this week frees its slot.
            n_removed = 0
            for k in range(out_start[w], out_start[w + 1]):
                place = twice_rank[w, source[d, out_ticker[k]]]
                if place >= 0:
                    removed[n_removed] = place
                    n_removed += 1
            last = n_ranked[w] - n_removed - 1
            if last < 1:
                continue
            for e in range(entry_start[w], entry_start[w + 1]):
                i = entry_ticker[e]
                place = twice_rank[w, source[d, i]]
                if place < 0 or twice_rank[w, i] < 0:
                    continue
                lower = np.int32(0)
                for k in range(n_removed):
                    lower += np.int32(removed[k] < place) + np.int32(removed[k] <= place)
                ranks[d, e] = 100.0 * ((place - lower) / 2.0) / last
    return ranks


def _twice_mean_ranks(percentile: NDArray[np.float64]) -> NDArray[np.int32]:
    """Twice the zero-based mean rank within each row, -1 where the value is NaN; shape of `percentile`."""
    ranks = np.full(percentile.shape, -1, dtype=np.int32)
    for w in range(len(percentile)):
        members = np.flatnonzero(~np.isnan(percentile[w]))
        values, place, size = np.unique(percentile[w, members], return_inverse=True, return_counts=True)
        if len(values):
            ranks[w, members] = (2 * (np.cumsum(size) - size) + size - 1)[place]
    return ranks


class PermutedRanks:
    """Percentiles of setups after tickers have swapped ranks, recomputed within each week.

    Ranks are 0-100 with ties sharing the mean rank, over the tickers for which both they and their swap partner are
    ranked in the week; a single one has none.

    Parameters
    ----------
    percentile
        Shape (n_weeks, n_tickers); NaN = not ranked in that week.
    source
        Ticker whose percentiles each ticker takes, shape (draws, n_tickers).
    entry_week, entry_ticker
        Row and column of each setup in `percentile`, shape (n_entries,), weeks ascending; week -1 =
        before the first ranked week, NaN in the result.
    """

    def __init__(
        self,
        percentile: NDArray[np.float64],
        source: NDArray[np.int32],
        entry_week: NDArray[np.int64],
        entry_ticker: NDArray[np.int32],
    ) -> None:
        n_weeks, n_tickers = percentile.shape
        moves = (source != np.arange(n_tickers)).any(axis=0)
        out_week, out_ticker = np.nonzero(np.isnan(percentile) & moves)
        weeks = np.arange(n_weeks + 1)
        self._twice_rank = _twice_mean_ranks(percentile)
        self._source = np.ascontiguousarray(source, dtype=np.int32)
        self._of_weeks = (
            np.searchsorted(out_week, weeks).astype(np.int64),
            out_ticker.astype(np.int32),
            np.searchsorted(entry_week, weeks).astype(np.int64),
            np.ascontiguousarray(entry_ticker, dtype=np.int32),
        )

    def __len__(self) -> int:
        """Number of draws."""
        return len(self._source)

    def of_draws(self, first: int, last: int, out: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Rank columns for a batch of portfolios, draws `first` to `last` - 1; shape (last - first, n_entries).

        `out`, of at least that many rows, is filled and returned instead of a new allocation.
        """
        source = self._source[first:last]
        n_entries = len(self._of_weeks[-1])
        ranks = np.empty((len(source), n_entries)) if out is None else out[: len(source)]
        _permuted_ranks(self._twice_rank, source, *self._of_weeks, ranks)
        return ranks


def random_p(observed: float, draws: NDArray[np.float64]) -> float:
    """Share of random portfolios that do at least as well: (1 + #) / (draws + 1); NaN without a value.

    >>> random_p(2.0, np.array([1.0, 3.0, 0.0]))
    0.5
    """
    known = draws[~np.isnan(draws)]
    if math.isnan(observed) or len(known) == 0:
        return math.nan
    return (1 + int(np.count_nonzero(known >= observed))) / (len(known) + 1)
